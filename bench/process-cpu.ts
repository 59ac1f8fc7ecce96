import { readdirSync, readFileSync } from "node:fs"

/** Ticks of /proc a second: 100 on every Linux that Node runs on. */
const TICKS_A_SECOND = 100

interface Stat {
  readonly parent: number
  /** Seconds on a core, of the process itself. */
  readonly own: number
  /** The same of its children that have ended. */
  readonly buried: number
}

const statOf = (pid: number): Stat | undefined => {
  try {
    // The name may hold spaces and brackets; everything after it is numbers.
    const fields = readFileSync(`/proc/${pid}/stat`, "latin1").replace(/^.*\) /s, "").split(" ")
    const [parent, user, system, childUser, childSystem] = [1, 11, 12, 13, 14].map((i) => Number(fields[i]))
    return {
      parent: parent!,
      own: (user! + system!) / TICKS_A_SECOND,
      buried: (childUser! + childSystem!) / TICKS_A_SECOND
    }
  } catch {
    return undefined
  }
}

export const parentOf = (pid: number): number | undefined => statOf(pid)?.parent

/** CPU seconds of a process since its start; NaN where there is no /proc, or no such process. */
export const cpuSecondsOf = (pid: number): number => statOf(pid)?.own ?? Number.NaN

/** CPU seconds of a process and of all its children, those that have ended too. */
export const cpuSecondsOfFamily = (pid: number): number => {
  const head = statOf(pid)
  if (head === undefined) return Number.NaN
  const living = readdirSync("/proc").flatMap((name) => {
    const stat = /^\d+$/.test(name) ? statOf(Number(name)) : undefined
    return stat?.parent === pid ? stat.own + stat.buried : []
  })
  return living.reduce((sum, seconds) => sum + seconds, head.own + head.buried)
}

/** CPU seconds that the whole machine has worked, whoever for; what the hypervisor gave to others counts as well. */
export const cpuSecondsOfMachine = (): number => {
  try {
    const [user, nice, system, , , irq, softIrq, steal] = readFileSync("/proc/stat", "latin1").split("\n")[0]!
      .replace(/^cpu +/, "").split(" ").map(Number)
    return (user! + nice! + system! + irq! + softIrq! + steal!) / TICKS_A_SECOND
  } catch {
    return Number.NaN
  }
}
