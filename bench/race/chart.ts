import type { Measured } from './goals.ts';
import type { Numbers } from './measure.ts';

/* The picture for the README: requests per second of jobs A and B, as bars. Text, so that a diff shows what changed. */

const WIDTH = 760;
const BAR = 18;
const GAP = 6;
const LABEL = 170;
const ROOM = WIDTH - LABEL - 90;

/** Colours that are read on white and on black; the page's own setting chooses. */
const STYLE = `
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 }
.ours { fill: #0969da }
.peer { fill: #8c959f }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .ours { fill: #4493f8 }
  .peer { fill: #6e7681 }
}`;

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** @param ours the names of what is ours */
export function chart(
  measured: Measured,
  ours: string[],
  peers: string[],
  titles: Partial<Record<'A' | 'B', string>>,
): string {
  const parts: string[] = [];
  let y = 8;
  for (const job of ['A', 'B'] as const) {
    const shown = Object.entries(measured[job] ?? {})
      .filter(([name]) => ours.includes(name) || peers.includes(name))
      .sort(([, a], [, b]) => b.perSecond - a.perSecond) as [string, Numbers][];
    if (shown.length === 0) continue;
    const most = Math.max(...shown.map(([, { perSecond }]) => perSecond));
    y += 16;
    parts.push(`<text class="title" x="0" y="${y}">${escaped(titles[job] ?? job)}, requests per second</text>`);
    y += 12;
    for (const [name, { perSecond }] of shown) {
      const width = Math.max(1, Math.round((perSecond / most) * ROOM));
      const middle = y + BAR - 5;
      parts.push(
        `<text x="${LABEL - 8}" y="${middle}" text-anchor="end">${escaped(name)}</text>`,
        `<rect class="${ours.includes(name) ? 'ours' : 'peer'}" x="${LABEL}" y="${y}" width="${width}" height="${BAR}" rx="2"/>`,
        `<text x="${LABEL + width + 8}" y="${middle}">${perSecond >= 100 ? perSecond.toFixed(0) : perSecond.toFixed(1)}</text>`,
      );
      y += BAR + GAP;
    }
    y += 10;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" role="img" aria-label="Requests per second of Onetrip and its peers">
<style>${STYLE}
</style>
${parts.join('\n')}
</svg>
`;
}
