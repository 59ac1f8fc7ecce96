/**
 * Lists, maps, numbers and strings as YAML that people read: block style, expressions over the lines they were written in.
 * Enough for what is made here; it is no YAML library.
 */
export const toYaml = (value: unknown, indent = ""): string => {
  if (Array.isArray(value)) return value.map((item) => `${indent}- ${listItem(item, indent)}`).join("")
  return Object.entries(value as Record<string, unknown>)
    .map(([key, inner]) =>
      isBranch(inner)
        ? `${indent}${key}:\n${toYaml(inner, `${indent}  `)}`
        : `${indent}${key}: ${scalar(inner, indent)}\n`
    ).join("")
}

const isBranch = (value: unknown) => typeof value === "object" && value !== null

const listItem = (item: unknown, indent: string) =>
  isBranch(item) ? toYaml(item, `${indent}  `).slice(indent.length + 2) : `${scalar(item, indent)}\n`

const PLAIN = /^([A-Za-z/.][\w ./-]*|(\d+[smhd])+)$/
const RESERVED = /^(true|false|yes|no|on|off|null|y|n)$/i

const scalar = (value: unknown, indent: string): string => {
  if (typeof value !== "string") return String(value)
  if (PLAIN.test(value) && !RESERVED.test(value)) return value
  if (value.includes("\n")) return `|-\n${value.split("\n").map((line) => `${indent}  ${line}`).join("\n")}`
  return value.includes("\"") && !value.includes("'") ? `'${value}'` : JSON.stringify(value)
}
