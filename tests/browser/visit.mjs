// Visits a built site in headless Chromium and prints what was seen as one JSON document.
// node visit.mjs CHROMIUM FOLDER SERVER PAGE…   (pages are paths inside the folder, which SERVER serves under a path)
import { createRequire } from "node:module";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [executablePath, folder, server, ...pages] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
  "--disable-default-apps", "--disable-domain-reliability", "--disable-sync", "--no-first-run", "--no-pings",
  "--proxy-server=127.0.0.1:9", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];
const address = (page) => pathToFileURL(path.join(folder, page.split("#")[0])).href + (page.includes("#") ? "#" + page.split("#")[1] : "");
const home = mkdtempSync(path.join(tmpdir(), "browser-"));
const browser = await chromium.launch({ executablePath, args: FLAGS, env: { ...process.env, HOME: home } });

// A page that writes down everything it complains about and everything it asks for.
async function open(page, options, seen) {
  const context = await browser.newContext(options);
  const tab = await context.newPage();
  tab.on("console", (message) => ["error", "warning"].includes(message.type()) && seen.complaints.push(`${page}: ${message.text()}`));
  tab.on("pageerror", (error) => seen.complaints.push(`${page}: ${error}`));
  tab.on("requestfailed", (request) => seen.complaints.push(`${page}: failed ${request.url()}`));
  tab.on("request", (request) => seen.requests.push(request.url()));
  await tab.goto(address(page));
  return { context, tab };
}

async function looks(page, seen) {
  const found = [];
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [1366, 375]) {
      const { context, tab } = await open(page, { colorScheme, viewport: { width, height: 900 }, bypassCSP: true }, seen);
      await tab.evaluate(() => document.querySelectorAll("details").forEach((part) => { part.open = true; }));
      await tab.evaluate(axe);
      const violations = await tab.evaluate(async (tags) => {
        const result = await axe.run(document, { runOnly: tags, preload: false });
        return result.violations.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`);
      }, TAGS);
      found.push({ page, colorScheme, width, violations });
      await context.close();
    }
  }
  return found;
}

async function overflow(page, seen) {
  const { context, tab } = await open(page, { viewport: { width: 320, height: 700 } }, seen);
  const widths = await tab.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  await context.close();
  return { page, beyond: widths[0] - widths[1] };
}

async function withoutScript(page, seen) {
  const { context, tab } = await open(page, { javaScriptEnabled: false, viewport: { width: 1366, height: 900 } }, seen);
  const text = await tab.locator("main").innerText();
  const contents = await tab.locator("nav.contents a").first().isVisible();
  const policy = await tab.locator('meta[http-equiv="Content-Security-Policy"]').count();
  await context.close();
  return { page, text, contents, policy };
}

async function pictures(page, seen) {
  const { context, tab } = await open(page, { viewport: { width: 1366, height: 900 } }, seen);
  const broken = await tab.evaluate(async () => {
    const images = [...document.images];
    images.forEach((image) => { image.loading = "eager"; });
    await Promise.all(images.map((image) => image.decode().catch(() => undefined)));
    return images.filter((image) => !image.naturalWidth).map((image) => image.src);
  });
  const styled = await tab.evaluate(() => getComputedStyle(document.body).margin === "0px");
  await context.close();
  return { page, broken, styled };
}

async function keyboard(page, seen) {
  const { context, tab } = await open(page, { viewport: { width: 1366, height: 900 } }, seen);
  const told = {};
  await tab.keyboard.press("Tab");
  told.first = await tab.evaluate(() => document.activeElement.className);
  await tab.keyboard.press("Enter");
  told.skipped = await tab.evaluate(() => document.activeElement.id);
  const links = await tab.locator("a.zoom").count();
  await tab.locator("a.zoom").first().focus();
  await tab.keyboard.press("Enter");
  const file = () => tab.locator("dialog[open] .stage img").getAttribute("src");
  told.opened = await tab.locator("dialog[open]").count();
  told.caption = await tab.locator("dialog[open] p").innerText();
  const one = await file();
  await tab.keyboard.press("ArrowRight");
  const two = await file();
  await tab.keyboard.press("ArrowLeft");
  told.turned = one !== two && one === await file();
  await tab.keyboard.press("ArrowLeft");
  told.around = links < 2 || one !== await file();
  await tab.keyboard.press("ArrowRight");
  await tab.evaluate(axe).catch(() => undefined);
  await tab.keyboard.press("Escape");
  told.closed = await tab.locator("dialog[open]").count();
  told.back = await tab.evaluate(() => document.activeElement === document.querySelector("a.zoom"));
  await context.close();
  return told;
}

async function theme(page, seen) {
  const { context, tab } = await open(page, { colorScheme: "light", viewport: { width: 1366, height: 900 } }, seen);
  const colour = () => tab.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const told = { light: await colour() };
  await tab.locator("button.theme").click();
  await tab.locator("button.theme").click();
  told.dark = await colour();
  told.label = await tab.locator("button.theme").getAttribute("aria-label");
  await tab.reload();
  told.remembered = await colour();
  await context.close();
  return told;
}

async function language(page, seen) {
  const { context, tab } = await open(page, { viewport: { width: 1366, height: 900 } }, seen);
  await tab.locator("a[data-keep-place]").click();
  await tab.waitForLoadState();
  const told = { address: decodeURIComponent(tab.url()).split("/").slice(-2).join("/"), lang: await tab.locator("html").getAttribute("lang") };
  await context.close();
  return told;
}

// What the channel view shows: the number, the address, and whether the pictures are drawn.
async function channels(page, seen) {
  const { context, tab } = await open(page, { viewport: { width: 1366, height: 900 } }, seen);
  const number = () => tab.locator(".channel-view output").first().innerText();
  const drawn = (name) => tab.evaluate((one) => {
    const canvas = document.querySelector(`canvas.${one}`);
    try { return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value); }
    catch (tainted) { return true; } // from file:// a drawn canvas cannot be read: a picture is in it
  }, name);
  await tab.waitForFunction(() => document.querySelector(".mosaic-of img").complete);
  const told = { first: await number() };
  const range = tab.locator(".which-channel").first();
  await range.focus();
  await tab.keyboard.press("Home");
  await tab.keyboard.press("ArrowRight");
  told.right = await number();
  told.address = new URL(tab.url()).hash;
  await tab.keyboard.press("ArrowDown");
  told.down = Number(await number()) - Number(told.right);
  told.numbers = await tab.locator(".channel-view dl dd").allInnerTexts();
  const image = tab.locator(".mosaic-of img");
  await image.hover({ position: { x: 3, y: 3 } }); // waits until nothing moves any more
  told.pointed = await number();
  told.drawn = [await drawn("answer"), await drawn("kernel")];
  await tab.locator("input.compare").first().fill("40");
  told.compared = await tab.locator("canvas.answer").evaluate((canvas) => canvas.style.clipPath);
  await context.close();
  const other = await open(page + "#ch-7", { viewport: { width: 1366, height: 900 } }, seen);
  told.linked = await other.tab.locator(".channel-view output").first().innerText();
  await other.context.close();
  return told;
}

async function search(page, word, seen) {
  const { context, tab } = await open(page, { viewport: { width: 1366, height: 900 } }, seen);
  await tab.keyboard.press("/");
  const told = { focus: await tab.evaluate(() => document.activeElement.id) };
  await tab.keyboard.type(word);
  await tab.locator("#found li").first().waitFor();
  told.found = await tab.locator("#found li a").allInnerTexts();
  await tab.evaluate(axe).catch(() => undefined);
  await tab.keyboard.press("ArrowDown");
  told.active = await tab.evaluate(() => document.getElementById("search").getAttribute("aria-activedescendant"));
  await Promise.all([tab.waitForNavigation(), tab.keyboard.press("Enter")]);
  told.address = decodeURIComponent(tab.url()).split("/").slice(-3).join("/");
  await tab.locator("#search").fill("no such thing");
  told.nothing = await tab.locator("#found li").innerText();
  await tab.keyboard.press("Escape");
  told.closed = await tab.locator("#found").isHidden();
  await context.close();
  return told;
}

// Numerals of a language, put into a table of the page, in the order in which the page sorts them.
async function numerals(page, written, seen) {
  const { context, tab } = await open(page, { viewport: { width: 1366, height: 900 } }, seen);
  await tab.evaluate((texts) => {
    const table = document.querySelector("table.sortable");
    const row = table.tBodies[0].rows[0];
    while (table.tBodies[0].rows.length > 1) table.tBodies[0].lastElementChild.remove();
    for (const text of texts) {
      const one = row.cloneNode(true);
      one.lastElementChild.textContent = text;
      table.tBodies[0].append(one);
    }
    row.remove();
  }, written);
  await tab.locator("table.sortable th button").last().click();
  const told = await tab.evaluate(() => [...document.querySelectorAll("table.sortable tbody tr")].map((row) => row.lastElementChild.textContent));
  await context.close();
  return told;
}

async function tables(page, list, seen) {
  const { context, tab } = await open(page, { viewport: { width: 1366, height: 900 } }, seen);
  const column = () => tab.evaluate(() => [...document.querySelectorAll("table.sortable tbody tr td:last-child")].map((cell) => Number(cell.textContent.replace(/\D/g, ""))));
  const told = { before: await column() };
  const head = tab.locator("table.sortable th button").last();
  await head.click();
  told.up = await column();
  await head.click();
  told.down = await column();
  told.said = await tab.locator("table.sortable th").last().getAttribute("aria-sort");
  await tab.goto(address(list));
  await tab.locator("#filter").fill("enc");
  told.left = await tab.evaluate(() => [...document.querySelectorAll("table.layers tbody tr")].filter((row) => !row.hidden).map((row) => row.cells[1].innerText));
  await context.close();
  return told;
}

async function deepLink(page, seen) {
  const { context, tab } = await open(page + "#view:mask.2", { viewport: { width: 1366, height: 900 } }, seen);
  const told = { open: await tab.locator("dialog[open] p").innerText() };
  await tab.keyboard.press("ArrowLeft");
  told.hash = new URL(tab.url()).hash;
  told.compares = await tab.locator("dialog[open] .reveal").isVisible();
  await tab.locator("dialog[open] .reveal input").fill("30");
  told.clip = await tab.locator("dialog[open] .stage img").last().evaluate((image) => image.style.clipPath);
  await tab.keyboard.press("Escape");
  await tab.waitForFunction(() => !location.hash.startsWith("#view"));
  told.closed = new URL(tab.url()).hash;
  await context.close();
  return told;
}

async function single(page, seen) {
  const { context, tab } = await open(page, { viewport: { width: 1366, height: 900 } }, seen);
  await tab.locator("a.zoom").first().click();
  const told = { opened: await tab.locator("dialog[open]").count() };
  await tab.keyboard.press("Escape");
  told.back = await tab.evaluate(() => document.activeElement.className);
  told.styled = await tab.evaluate(() => getComputedStyle(document.body).margin === "0px");
  await tab.locator("nav.contents a").last().click();
  told.hash = new URL(tab.url()).hash.length > 1;
  await context.close();
  return told;
}

// The same folder under a path of a server, as on GitHub Pages.
async function underPath(root, seen) {
  const context = await browser.newContext({ viewport: { width: 1366, height: 900 } });
  const tab = await context.newPage();
  const problems = [];
  tab.on("requestfailed", (request) => problems.push(request.url()));
  tab.on("response", (answer) => answer.status() >= 400 && problems.push(`${answer.status()} ${answer.url()}`));
  tab.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  await tab.goto(root + "index.html");
  await tab.locator(".diagram a").first().click();
  await tab.waitForLoadState();
  const told = { layer: tab.url().startsWith(root) && tab.url().includes("/layers/") };
  await tab.keyboard.press("/");
  await tab.keyboard.type("enc");
  await tab.locator("#found li a").first().click();
  await tab.waitForLoadState();
  told.found = tab.url().startsWith(root);
  told.problems = problems;
  await context.close();
  return told;
}

const seen = { complaints: [], requests: [] };
const result = { looks: [], overflow: [], plain: [], pictures: [] };
try {
  for (const page of pages) {
    result.plain.push(await withoutScript(page, seen));
    result.pictures.push(await pictures(page, seen));
    result.overflow.push(await overflow(page, seen));
    result.looks.push(...await looks(page, seen));
  }
  result.keyboard = await keyboard("en/activations.html", seen);
  result.theme = await theme("en/index.html", seen);
  result.language = await language("en/activations.html#heat", seen);
  result.channels = await channels("en/layers/enc_conv1.html", seen);
  result.search = await search("uk/index.html", "enc_conv", seen);
  result.searchDeep = await search("en/layers/enc_conv1.html", "sparsity 35", seen);
  result.tables = await tables("en/architecture.html", "en/layers/index.html", seen);
  result.numerals = {
    uk: await numerals("uk/architecture.html", ["63,4 %", "–", "1,5·10⁻⁴", "−2,5", "12 345", "0", "∞", "1,2·10¹²"], seen),
    en: await numerals("en/architecture.html", ["12,345", "1.5×10⁻⁴", "−∞", "−2.5", "63.4%", "–", "1.2×10¹²", "999.5"], seen),
  };
  result.deepLink = await deepLink("en/prediction.html", seen);
  result.single = await single("report.en.html", seen);
  if (server) result.underPath = await underPath(server, seen);
} finally {
  await browser.close();
  rmSync(home, { recursive: true, force: true });
}
console.log(JSON.stringify({ ...result, ...seen }));
