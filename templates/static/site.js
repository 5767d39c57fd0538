// What a page can do besides being read. Without this file everything is still there.
(function () {
  "use strict";
  var root = document.documentElement;
  var KEY = "reportgen-theme";

  function kept() {
    try { return localStorage.getItem(KEY) || "auto"; } catch (closed) { return "auto"; }
  }

  function wear(theme) {
    if (theme === "light" || theme === "dark") root.setAttribute("data-theme", theme);
    else root.removeAttribute("data-theme");
  }

  wear(kept()); // before the first paint

  function themes() {
    var button = document.querySelector(".theme");
    var order = ["auto", "light", "dark"];
    var theme = order.indexOf(kept()) < 0 ? "auto" : kept();
    function tell() {
      button.setAttribute("aria-label", button.getAttribute("data-" + theme));
      button.title = button.getAttribute("data-" + theme);
    }
    button.addEventListener("click", function () {
      theme = order[(order.indexOf(theme) + 1) % order.length];
      try { localStorage.setItem(KEY, theme); } catch (closed) { /* a private window: for this page only */ }
      wear(theme);
      tell();
    });
    tell();
    button.hidden = false;
  }

  function languages() {
    document.querySelectorAll("[data-keep-place]").forEach(function (link) {
      var page = link.getAttribute("href");
      function follow() { link.setAttribute("href", page + location.hash); }
      window.addEventListener("hashchange", follow);
      follow();
    });
  }

  function contents() {
    var menu = document.querySelector(".menu");
    var wide = window.matchMedia("(min-width: 62rem)");
    function fit() { menu.open = wide.matches; }
    wide.addEventListener("change", fit);
    fit();
    var here = menu.querySelector("[aria-current]");
    var box = menu.parentNode;
    if (here && wide.matches) box.scrollTop = Math.max(0, here.offsetTop - box.clientHeight / 2);
  }

  function lightbox() {
    var links = Array.prototype.slice.call(document.querySelectorAll("a.zoom"));
    var template = document.getElementById("lightbox");
    if (!links.length || !template || !window.HTMLDialogElement) return;
    var dialog = document.body.appendChild(template.content.firstElementChild.cloneNode(true));
    var stage = dialog.querySelector(".stage");
    var words = dialog.querySelector("p");
    var file = dialog.querySelector("a");
    var at = 0;

    function enlarge(image) {
      var room = Math.min((stage.clientWidth - 32) / image.width, (stage.clientHeight - 32) / image.height);
      var scale = room >= 1 ? Math.max(1, room >= 2 ? Math.floor(room) : room) : room;
      image.style.width = image.width * scale + "px";
      image.style.height = "auto";
    }

    function show(place) {
      at = (place + links.length) % links.length;
      var link = links[at];
      var frame = link.firstElementChild.cloneNode(true);
      var image = frame.querySelector("img");
      var label = link.parentNode.querySelector(".label");
      var caption = link.closest("figure").querySelector(".caption");
      image.loading = "eager";
      stage.replaceChildren(frame);
      words.textContent = (label ? label.textContent.trim() + " — " : "") + caption.textContent.trim();
      file.href = link.href;
      enlarge(image);
    }

    links.forEach(function (link, place) {
      link.addEventListener("click", function (event) {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
        event.preventDefault();
        dialog.showModal();
        show(place);
      });
    });
    dialog.addEventListener("click", function (event) {
      var button = event.target.closest("button");
      if (button && button.hasAttribute("data-step")) show(at + Number(button.getAttribute("data-step")));
      else if (event.target === stage || (button && button.hasAttribute("data-close"))) dialog.close();
    });
    dialog.addEventListener("keydown", function (event) {
      if (event.key === "ArrowLeft") show(at - 1);
      if (event.key === "ArrowRight") show(at + 1);
    });
    dialog.addEventListener("close", function () { links[at].focus(); });
  }

  document.addEventListener("DOMContentLoaded", function () {
    themes();
    languages();
    contents();
    lightbox();
  });
})();
