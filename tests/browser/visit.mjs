// Visits a built site in headless Chromium and prints what was seen as one JSON document.
// node visit.mjs CHROMIUM FOLDER PAGE…   (pages are paths inside the folder)
import { createRequire } from "node:module";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [executablePath, folder, ...pages] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
  "--disable-default-apps", "--disable-domain-reliability", "--disable-sync", "--no-first-run", "--no-pings",
  "--proxy-server=127.0.0.1:9", "--host-resolver-rules=MAP * ~NOTFOUND",
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
} finally {
  await browser.close();
  rmSync(home, { recursive: true, force: true });
}
console.log(JSON.stringify({ ...result, ...seen }));
