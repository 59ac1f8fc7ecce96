import { clockJumps } from "./clock-jumps.ts"
import { diskFull } from "./disk-full.ts"
import { linkFaults } from "./link-faults.ts"
import { lockedTable } from "./locked-table.ts"
import { lostCommits } from "./lost-commits.ts"
import { noConnections } from "./no-connections.ts"
import { pauses } from "./pauses.ts"
import { poisonRows } from "./poison-rows.ts"
import { postgresKill } from "./postgres-kill.ts"
import { processKills } from "./process-kills.ts"
import { providerDark } from "./provider-dark.ts"
import { rollingSigterm } from "./rolling-sigterm.ts"
import type { Storm } from "./storm.ts"
import { telemetryBlackhole } from "./telemetry-blackhole.ts"
import { unknownOutcomes } from "./unknown-outcomes.ts"

/** Every storm there is. */
export const storms: ReadonlyArray<Storm> = [
  postgresKill,
  processKills,
  pauses,
  linkFaults,
  unknownOutcomes,
  lostCommits,
  clockJumps,
  providerDark,
  poisonRows,
  lockedTable,
  noConnections,
  diskFull,
  telemetryBlackhole,
  rollingSigterm
]
