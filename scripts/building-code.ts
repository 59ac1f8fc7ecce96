// The building code of this repository: who may know whom, where drivers and the environment may be touched, names, sizes,
// and that every promise of engineering-design.md names a test that exists. Run by `npm run check`.
import { globSync, readFileSync } from "node:fs"

/** What each room may import of the others; a floor up never, a neighbour never, unless it stands here. */
const rooms: Readonly<Record<string, ReadonlyArray<string>>> = {
  domain: [],
  contracts: ["domain"],
  saga: [],
  platform: [],
  client: ["domain", "contracts"],
  testkit: ["domain", "platform"],
  "edge-api": ["domain", "contracts", "saga", "platform"],
  orders: ["domain", "contracts", "platform"],
  inventory: ["domain", "contracts", "platform"],
  payment: ["domain", "contracts", "platform"],
  orchestrator: ["domain", "contracts", "saga", "platform"],
  "provider-simulator": ["platform"],
  stack: [
    "domain",
    "contracts",
    "platform",
    "edge-api",
    "orders",
    "inventory",
    "payment",
    "orchestrator",
    "provider-simulator"
  ]
}
const PURE_ROOMS = ["domain", "contracts", "saga"]
/** They have no clock of their own, so that a simulation can be theirs. The linter forbids the other ways to one. */
const CLOCKLESS_ROOMS = [...PURE_ROOMS, "edge-api", "orders", "inventory", "payment", "orchestrator"]
const LINES_MAX = 250
const MAIN_LINES_MAX = 30
const FORBIDDEN_NAMES = /(^|\/)(index|utils?|helpers?|common|types|misc)\.ts$/

const complaints: Array<string> = []
const complain = (at: string, what: string) => complaints.push(`${at}: ${what}`)

const checkImport = (at: string, room: string, target: string) => {
  const neighbour = /^@surety\/([a-z-]+)\//.exec(target)?.[1]
  if (neighbour !== undefined && neighbour !== room && !rooms[room]!.includes(neighbour)) {
    complain(at, `${room} may not know ${neighbour}`)
  }
  if (target.startsWith("../../")) complain(at, `reaches into another room by ${target}`)
  if (PURE_ROOMS.includes(room) && !/^(effect|\.|@surety\/)/.test(target)) complain(at, `${room} imports only effect`)
  if (/^@effect\/(sql-pg|platform-node)/.test(target) && !["platform", "testkit"].includes(room)) {
    complain(at, `only platform imports drivers, not ${target}`)
  }
}

const checkSource = (path: string) => {
  const [, , room = "", name = ""] = /^(packages|services)\/([a-z-]+)\/src\/(.+)$/.exec(path) ?? []
  const lines = readFileSync(path, "utf8").split("\n")
  const limit = name === "main.ts" ? MAIN_LINES_MAX : LINES_MAX
  if (lines.length - 1 > limit) complain(path, `${lines.length - 1} lines, at most ${limit}`)
  if (!/^[a-z0-9-/]+\.ts$/.test(name)) complain(path, "file names are kebab-case")
  if (FORBIDDEN_NAMES.test(name)) complain(path, "a name that says nothing")
  if (!(room in rooms)) complain(path, `unknown room ${room}: say in building-code.ts whom it may know`)
  lines.forEach((line, i) => {
    const at = `${path}:${i + 1}`
    const target = /(?:from|import) "([^"]+)"/.exec(line)?.[1]
    if (target !== undefined && room in rooms) checkImport(at, room, target)
    if (
      /process\.env\b(?!\s*[,})])/.test(line) && !name.endsWith("main.ts") && !["platform", "testkit"].includes(room)
    ) {
      complain(at, "only a main.ts reads the environment")
    }
    if (CLOCKLESS_ROOMS.includes(room) && /new Date\(\)|globalThis\./.test(line)) {
      complain(at, "time and chance come from Effect's services, so that a simulation can bring its own")
    }
    if (/\b(Live|Impl)\b\s*[=:]/.test(line)) complain(at, "no Live, no Impl")
  })
}

/** Every table opens with a sentence of its own. */
const checkMigration = (path: string) => {
  if (!/^\d{4}_[a-z0-9_]+\.sql$/.test(path.split("/").at(-1)!)) complain(path, "migrations are 0001_name.sql")
  const lines = readFileSync(path, "utf8").split("\n")
  lines.forEach((line, i) => {
    if (line.startsWith("CREATE TABLE") && !lines[i - 1]?.startsWith("--")) {
      complain(`${path}:${i + 1}`, "a table opens with a sentence")
    }
  })
}

/** In the table of promises, the last column names tests in backticks; each must be the title of one. */
const checkPromises = () => {
  const titles = globSync(["packages/*/test/**/*.test.ts", "services/*/test/**/*.test.ts", "tests/**/*.test.ts"])
    .map((path) => readFileSync(path, "utf8")).join("\n")
  const design = readFileSync("engineering-design.md", "utf8")
  const table = /## Promises\n([\s\S]*?)\n## /.exec(design)?.[1] ?? ""
  const rows = table.split("\n").filter((line) => line.startsWith("|")).slice(2)
  if (rows.length === 0) complain("engineering-design.md", "no table of promises")
  for (const row of rows) {
    const named = [...(row.split("|").at(-2) ?? "").matchAll(/`([^`]+)`/g)].map((match) => match[1]!)
    if (named.length === 0) complain("engineering-design.md", `no test proves: ${row.split("|")[1]?.trim()}`)
    for (const title of named) {
      if (!titles.includes(title)) complain("engineering-design.md", `no test is called "${title}"`)
    }
  }
}

for (const path of globSync(["packages/*/src/**/*.ts", "services/*/src/**/*.ts"])) checkSource(path)
for (const path of globSync("migrations/**/*.sql")) checkMigration(path)
checkPromises()
for (const complaint of complaints) console.error(complaint)
console.log(complaints.length === 0 ? "the building code holds" : `${complaints.length} complaints`)
process.exitCode = complaints.length === 0 ? 0 : 1
