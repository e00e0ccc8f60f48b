/**
 * A table of Markdown, its columns as wide as what is in them.
 * @param rows the first one is the header
 * @param numbers columns that are aligned to the right
 */
export function markdownTable(rows: string[][], { numbers = [] }: { numbers?: number[] } = {}): string {
  const columns = rows[0]?.keys() ?? [];
  const widths = [...columns].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    widths.map((width, column) => {
      const cell = row[column] ?? '';
      return numbers.includes(column) ? cell.padStart(width) : cell.padEnd(width);
    }),
  );
  const rule = widths.map((width, column) =>
    numbers.includes(column) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  );
  return [lines[0], rule, ...lines.slice(1)].map((cells) => `| ${cells?.join(' | ')} |\n`).join('');
}
