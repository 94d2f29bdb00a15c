// Writes src/post/icons: the mark of src/ui/brand as the pictures that phones and PCs put on their screens.
// Needs Chromium; run it after the mark has changed.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const mark = readFileSync(new URL('../src/ui/brand/mark.svg', import.meta.url), 'utf8');
const target = new URL('../src/post/icons/', import.meta.url);
mkdirSync(target, { recursive: true });

// A mask may take a fifth on each side, and iOS rounds the corners itself: there the ground reaches the edge.
const pictures = [
  { name: 'post-192', size: 192, inset: 0 },
  { name: 'post-512', size: 512, inset: 0 },
  { name: 'post-maskable-512', size: 512, inset: 0.12 },
  { name: 'post-touch-180', size: 180, inset: 0.04 },
];

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
for (const { name, size, inset } of pictures) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  const edge = Math.round(size * inset);
  const ground = inset > 0 ? '#2044aa' : 'transparent';
  await page.setContent(
    `<style>body{margin:0;background:${ground}}svg{display:block;margin:${edge}px;width:${size - 2 * edge}px}</style>${mark}`,
  );
  const png = await page.screenshot({ omitBackground: true });
  writeFileSync(new URL(`${name}.png`, target), png);
  await page.close();
}
await browser.close();
