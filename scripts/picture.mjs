// Takes the picture: the tabs User Metadata and Timeline of one workflow, one above the other.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [ui, workflow, target] = process.argv.slice(2);
const SIDEBAR = 258;
const WIDTH = 1600;
const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const browser = await chromium.launchPersistentContext(
  mkdtempSync(join(tmpdir(), "picture-")),
  {
    args: QUIET,
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    timezoneId: "UTC",
    viewport: { width: SIDEBAR + WIDTH, height: 820 },
  },
);
const page = await browser.newPage();
await page.goto(
  `${ui}/namespaces/default/workflows/${encodeURIComponent(workflow)}`,
);

const timeline = page.getByRole("heading", { name: "Timeline" });
await timeline.waitFor();
await page.getByText("deadline of gate").first().waitFor();
await page.setViewportSize({ width: SIDEBAR + WIDTH, height: 1400 });
const { y } = await timeline.boundingBox();
const below = await page.screenshot({
  clip: { x: SIDEBAR, y: y - 16, width: WIDTH, height: 380 },
});

await page.setViewportSize({ width: SIDEBAR + WIDTH, height: 820 });
await page.getByText("User Metadata").first().click();
// The UI renders Markdown in a frame.
await page.frameLocator("#user-metadata-current-details").getByText("waits for a decision").waitFor();
const above = await page.screenshot({
  clip: { x: SIDEBAR, y: 60, width: WIDTH, height: 745 },
});

const sheet = await browser.newPage();
await sheet.setViewportSize({ width: WIDTH, height: 745 + 380 });
const image = (png) => `<img src="data:image/png;base64,${png.toString("base64")}">`;
await sheet.setContent(
  `<style>body { margin: 0 } img { display: block }</style>
   ${image(above)}${image(below)}`,
  { waitUntil: "load" },
);
await sheet.screenshot({ path: target });
await browser.close();
