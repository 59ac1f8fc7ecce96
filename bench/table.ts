/** A table for a terminal: the first column to the left, all others to the right. */
export const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)))
  const line = (cells: ReadonlyArray<string>) =>
    widths.map((width, i) => i === 0 ? (cells[i] ?? "").padEnd(width) : (cells[i] ?? "").padStart(width)).join("  ")
      .trimEnd()
  return [line(head), widths.map((width) => "─".repeat(width)).join("  "), ...rows.map(line)].join("\n")
}

/** A number with as many digits as say something: 1,234, 56.7, 0.89; a dash for what was not measured. */
export const digits = (n: number | undefined): string => {
  if (n === undefined || Number.isNaN(n)) return "–"
  const decimals = Math.abs(n) >= 100 ? 0 : Math.abs(n) >= 10 ? 1 : 2
  return n.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
}

export const percent = (share: number | undefined): string => share === undefined ? "–" : `${digits(share * 100)} %`
