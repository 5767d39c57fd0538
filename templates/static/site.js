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

  // The address names what is open, so that it can be passed on; no step is left in the history.
  function name(hash) {
    try { history.replaceState(null, "", hash || location.pathname + location.search); } catch (closed) { /* file:// */ }
    window.dispatchEvent(new Event("hashchange"));
  }

  function lightbox() {
    var links = Array.prototype.slice.call(document.querySelectorAll("a.zoom"));
    var template = document.getElementById("lightbox");
    if (!links.length || !template || !window.HTMLDialogElement) return;
    var dialog = document.body.appendChild(template.content.firstElementChild.cloneNode(true));
    var stage = dialog.querySelector(".stage");
    var words = dialog.querySelector("p");
    var file = dialog.querySelector(".below > a");
    var reveal = dialog.querySelector(".reveal");
    var slider = reveal.querySelector("input");
    var main = document.getElementById("content");
    var shape = (main.getAttribute("data-shape") || "").split(" ");
    var at = 0;

    function enlarge(image) {
      var room = Math.min((stage.clientWidth - 32) / image.width, (stage.clientHeight - 32) / image.height);
      var scale = room >= 1 ? Math.max(1, room >= 2 ? Math.floor(room) : room) : room;
      image.style.width = image.width * scale + "px";
      image.style.height = "auto";
    }

    function place(link) {
      var figure = link.closest("figure");
      var own = Array.prototype.slice.call(figure.querySelectorAll("a.zoom"));
      return figure.id + (own.length > 1 ? "." + (own.indexOf(link) + 1) : "");
    }

    // A map of the same shape as the input can be drawn aside to show what lies under it.
    function compare(frame, image) {
      var fits = shape.length === 2 && !frame.classList.contains("mosaic") &&
        Math.abs(image.width / image.height - shape[0] / shape[1]) < 0.02;
      reveal.hidden = !fits;
      if (!fits) return;
      var under = document.createElement("img");
      under.src = main.getAttribute("data-input");
      under.alt = "";
      under.className = "under";
      frame.insertBefore(under, image);
      slider.value = 100;
    }

    function show(number) {
      at = (number + links.length) % links.length;
      var link = links[at];
      var frame = link.querySelector(".frame").cloneNode(true);
      var image = frame.querySelector("img");
      var label = link.parentNode.querySelector(".label");
      var caption = link.closest("figure").querySelector(".caption");
      image.loading = "eager";
      stage.replaceChildren(frame);
      words.textContent = (label ? label.textContent.trim() + ". " : "") + caption.textContent.trim();
      file.href = link.href;
      compare(frame, image);
      enlarge(image);
      name("#view:" + place(link));
    }

    function open(number) {
      dialog.showModal();
      show(number);
    }

    slider.addEventListener("input", function () {
      stage.querySelector("img:last-of-type").style.clipPath = "inset(0 " + (100 - slider.value) + "% 0 0)";
    });
    links.forEach(function (link, number) {
      link.addEventListener("click", function (event) {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
        event.preventDefault();
        open(number);
      });
    });
    dialog.addEventListener("click", function (event) {
      var button = event.target.closest("button");
      if (button && button.hasAttribute("data-step")) show(at + Number(button.getAttribute("data-step")));
      else if (event.target === stage || (button && button.hasAttribute("data-close"))) dialog.close();
    });
    dialog.addEventListener("keydown", function (event) {
      if (event.target === slider) return;
      if (event.key === "ArrowLeft") show(at - 1);
      if (event.key === "ArrowRight") show(at + 1);
    });
    dialog.addEventListener("close", function () {
      name("#" + links[at].closest("figure").id);
      links[at].focus();
    });
    if (location.hash.indexOf("#view:") === 0) {
      var wanted = decodeURIComponent(location.hash.slice(6));
      var found = links.findIndex(function (link) { return place(link) === wanted; });
      if (found >= 0) { links[found].scrollIntoView(); open(found); }
    }
  }

  // Letters as one types them: without case, accents on vowels, apostrophes.
  function folded(text) {
    return text.toLowerCase().replace(/['\u2019\u02bc`]/g, "").replace(/ґ/g, "г").replace(/ё/g, "е");
  }

  function search() {
    var box = document.querySelector(".search");
    var input = document.getElementById("search");
    var list = document.getElementById("found");
    if (!box) return;
    var root = input.getAttribute("data-index").replace("search.js", "");
    var chosen = -1;
    box.hidden = false;

    function load(then) {
      if (window.reportgenIndex) { then(); return; }
      if (load.waiting) return;
      load.waiting = true;
      var script = document.createElement("script");
      script.src = input.getAttribute("data-index");
      script.onload = function () {
        window.reportgenIndex.forEach(function (entry) { entry.push(folded(entry[0] + " " + entry[1])); });
        then();
      };
      document.head.appendChild(script);
    }

    function close() {
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
      chosen = -1;
    }

    function pick(number) {
      var items = list.querySelectorAll("[role=option]");
      if (!items.length) return;
      chosen = (number + items.length) % items.length;
      items.forEach(function (item, place) { item.setAttribute("aria-selected", String(place === chosen)); });
      input.setAttribute("aria-activedescendant", items[chosen].id);
      items[chosen].scrollIntoView({ block: "nearest" });
    }

    function rank(entry, words) {
      var title = folded(entry[0]);
      return words.reduce(function (sum, word) {
        return sum + (title === word ? 4 : title.indexOf(word) === 0 ? 3 : title.indexOf(" " + word) >= 0 ? 2 : 1);
      }, 0);
    }

    function find() {
      var words = folded(input.value).split(/\s+/).filter(Boolean);
      if (!words.length || !window.reportgenIndex) { close(); return; }
      var found = window.reportgenIndex.filter(function (entry) {
        return words.every(function (word) { return entry[3].indexOf(word) >= 0; });
      });
      found = found.map(function (entry, place) { return [rank(entry, words), place, entry]; })
        .sort(function (one, other) { return other[0] - one[0] || one[1] - other[1]; }).slice(0, 24);
      list.replaceChildren();
      found.forEach(function (item, place) {
        var line = document.createElement("li");
        var link = document.createElement("a");
        var about = document.createElement("span");
        line.id = "found-" + place;
        line.setAttribute("role", "option");
        line.setAttribute("aria-selected", "false");
        link.href = root + item[2][2];
        link.tabIndex = -1;
        link.textContent = item[2][0];
        about.textContent = item[2][1];
        link.appendChild(about);
        line.appendChild(link);
        list.appendChild(line);
      });
      if (!found.length) {
        var nothing = document.createElement("li");
        nothing.setAttribute("role", "option");
        nothing.setAttribute("aria-disabled", "true");
        nothing.setAttribute("aria-selected", "false");
        nothing.className = "nothing";
        nothing.textContent = list.getAttribute("data-nothing");
        list.appendChild(nothing);
      }
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
      chosen = -1;
    }

    input.addEventListener("focus", function () { load(find); });
    input.addEventListener("input", function () { load(find); find(); });
    input.addEventListener("keydown", function (event) {
      var items = list.querySelectorAll("[role=option] a");
      if (event.key === "ArrowDown") { event.preventDefault(); pick(chosen + 1); }
      else if (event.key === "ArrowUp") { event.preventDefault(); pick(chosen < 0 ? -1 : chosen - 1); }
      else if (event.key === "Enter" && items.length) items[Math.max(0, chosen)].click();
      else if (event.key === "Escape") { if (list.hidden) input.blur(); close(); event.preventDefault(); }
    });
    document.addEventListener("click", function (event) { if (!box.contains(event.target)) close(); });
    document.addEventListener("keydown", function (event) {
      var typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) && event.target.type !== "range";
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      if (document.querySelector("dialog[open]")) return;
      event.preventDefault();
      input.focus();
      input.select();
    });
  }

  // A number as the page's language writes it; what is none comes before all others.
  function numeral(text) {
    var parts = text.trim().replace("\u2212", "-").split(/[·×]10/);
    if (parts[0].indexOf("∞") >= 0) return parts[0][0] === "-" ? -Infinity : Infinity;
    var decimal = root.getAttribute("data-decimal");
    var digits = Array.prototype.filter.call(parts[0], function (one) { return /[\d-]/.test(one) || one === decimal; }).join("");
    var power = (parts[1] || "").replace("⁻", "-").replace(/[⁰¹²³⁴-⁹]/g, function (one) { return "⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(one); });
    return /\d/.test(digits) ? Number(digits.replace(decimal, ".") + (power && "e" + power)) : -Infinity;
  }

  function value(row, column, numbers) {
    var text = row.cells[column] ? row.cells[column].textContent.trim() : "";
    return numbers ? numeral(text) : text;
  }

  // A click on a column's head sorts by it, a second one the other way round.
  function sorting() {
    document.querySelectorAll("table.sortable").forEach(function (table) {
      var body = table.tBodies[0];
      if (!body || body.rows.length < 3) return;
      Array.prototype.forEach.call(table.tHead.rows[0].cells, function (head, column) {
        var button = document.createElement("button");
        button.type = "button";
        button.append.apply(button, Array.prototype.slice.call(head.childNodes));
        head.appendChild(button);
        button.addEventListener("click", function () {
          var up = head.getAttribute("aria-sort") !== "ascending";
          Array.prototype.forEach.call(table.tHead.rows[0].cells, function (other) { other.removeAttribute("aria-sort"); });
          head.setAttribute("aria-sort", up ? "ascending" : "descending");
          var rows = Array.prototype.slice.call(body.rows).sort(function (one, other) {
            var numbers = head.classList.contains("number");
            var a = value(one, column, numbers), b = value(other, column, numbers);
            var order = numbers ? (a > b) - (a < b) : a.localeCompare(b, root.lang, { numeric: true });
            return up ? order : -order;
          });
          rows.forEach(function (row) { body.appendChild(row); });
        });
      });
    });
  }

  function filter() {
    var input = document.querySelector("input[data-filter]");
    if (!input) return;
    input.parentNode.hidden = false;
    input.addEventListener("input", function () {
      var words = folded(input.value).split(/\s+/).filter(Boolean);
      document.querySelectorAll("table." + input.getAttribute("data-filter") + " tbody tr").forEach(function (row) {
        var text = folded(row.textContent);
        row.hidden = !words.every(function (word) { return text.indexOf(word) >= 0; });
      });
    });
  }

  // One channel large: cut from the mosaic, beside its filter and its numbers.
  function channels(section, leads) {
    var view = section.querySelector(".channel-view");
    var numbers = Array.prototype.slice.call(section.querySelectorAll("details.numbers tbody tr"));
    var source = section.querySelector(".mosaic-of img");
    var kernels = section.querySelector("img.kernel-source");
    var range = view.querySelector(".which-channel");
    var compare = view.querySelector(".compare");
    var answer = view.querySelector("canvas.answer");
    var shown = view.querySelectorAll("dl.numbers dd");
    var permalink = view.querySelector(".permalink");
    if (!leads) permalink.hidden = true;

    function cut(canvas, image, prefix, place) {
      var columns = Number(section.getAttribute("data-" + prefix + "columns"));
      var tile = section.getAttribute("data-" + prefix + "tile").split(" ").map(Number);
      var gap = Number(section.getAttribute("data-" + prefix + "gap"));
      var context = canvas.getContext("2d");
      context.imageSmoothingEnabled = false;
      context.clearRect(0, 0, tile[0], tile[1]);
      context.drawImage(image, place % columns * (tile[0] + gap), Math.floor(place / columns) * (tile[1] + gap), tile[0], tile[1], 0, 0, tile[0], tile[1]);
    }

    function draw() {
      var place = Number(range.value);
      var row = numbers[place];
      var number = row.cells[0].textContent;
      if (source.complete && source.naturalWidth) cut(answer, source, "", place);
      if (kernels && kernels.complete && kernels.naturalWidth) cut(view.querySelector("canvas.kernel"), kernels, "kernel-", Number(number));
      view.querySelector("output").textContent = number;
      permalink.href = "#ch-" + number;
      range.setAttribute("aria-valuetext", number);
      shown.forEach(function (cell, index) { cell.textContent = row.cells[index + 1].textContent.trim(); });
      numbers.forEach(function (one) { one.classList.toggle("marked", one === row); });
    }

    function choose(place, pinned) {
      range.value = place;
      draw();
      if (pinned && leads) name("#ch-" + numbers[place].cells[0].textContent);
    }

    function follow() {
      var found = /^#ch-(\d+)$/.exec(location.hash);
      var place = found ? numbers.findIndex(function (row) { return row.cells[0].textContent === found[1]; }) : -1;
      if (place >= 0) { choose(place, false); section.scrollIntoView({ block: "start" }); }
    }

    // Pointing at a mosaic of this layer shows the channel under the pointer.
    function watch(image, prefix) {
      function under(event) {
        var box = image.getBoundingClientRect();
        var columns = Number(section.getAttribute("data-" + prefix + "columns"));
        var tile = section.getAttribute("data-" + prefix + "tile").split(" ").map(Number);
        var gap = Number(section.getAttribute("data-" + prefix + "gap"));
        var scale = image.width / box.width;
        var column = Math.floor((event.clientX - box.left) * scale / (tile[0] + gap));
        var line = Math.floor((event.clientY - box.top) * scale / (tile[1] + gap));
        var place = line * columns + column;
        return column < columns && place < numbers.length ? place : -1;
      }
      image.addEventListener("pointermove", function (event) {
        var place = under(event);
        if (place >= 0 && place !== Number(range.value)) choose(place, false);
      });
    }

    view.hidden = false;
    [source, kernels].forEach(function (image) {
      if (!image) return;
      image.addEventListener("load", draw);
      image.loading = "eager";
    });
    range.addEventListener("input", draw);
    range.addEventListener("change", function () { choose(Number(range.value), true); });
    range.addEventListener("keydown", function (event) {
      var step = Number(section.getAttribute("data-columns"));
      var move = event.key === "ArrowUp" ? -step : event.key === "ArrowDown" ? step : 0;
      if (!move) return;
      event.preventDefault();
      choose(Math.min(numbers.length - 1, Math.max(0, Number(range.value) + move)), true);
    });
    if (compare) compare.addEventListener("input", function () {
      answer.style.clipPath = "inset(0 " + (100 - compare.value) + "% 0 0)";
    });
    document.querySelectorAll("a.zoom img").forEach(function (image) {
      if (image.getAttribute("src") === source.getAttribute("src")) watch(image, "");
      if (kernels && image.getAttribute("src") === kernels.getAttribute("src")) watch(image, "kernel-");
    });
    draw();
    if (leads) {
      follow();
      window.addEventListener("hashchange", follow);
    }
  }

  document.addEventListener("DOMContentLoaded", function () {
    themes();
    languages();
    contents();
    search();
    sorting();
    filter();
    document.querySelectorAll("section.channels").forEach(function (section, number) { channels(section, number === 0); });
    lightbox();
  });
})();
