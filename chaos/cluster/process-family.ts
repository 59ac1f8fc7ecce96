import { readdirSync } from "node:fs"
import { parentOf } from "../../bench/process-cpu.ts"

/** A process and its children, the parent first; where there is no /proc, the parent alone. */
export const familyOf = (pid: number): ReadonlyArray<number> => {
  const children = processes().filter((other) => parentOf(other) === pid)
  return [pid, ...children]
}

const processes = (): ReadonlyArray<number> => {
  try {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number)
  } catch {
    return []
  }
}
