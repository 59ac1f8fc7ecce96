import { type Alert, runbookOf } from "./alert.ts"
import { alerts } from "./alerts.ts"
import { type Recording, recordings } from "./burn-alerts.ts"

/** Prometheus' rule file, in the order in which a reader wants it. */
export interface RuleFile {
  readonly groups: ReadonlyArray<{
    readonly name: string
    readonly interval: string
    readonly rules: ReadonlyArray<Recording | AlertRule>
  }>
}

interface AlertRule {
  readonly alert: string
  readonly expr: string
  readonly for: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

const rule = (alert: Alert): AlertRule => ({
  alert: alert.name,
  expr: alert.expr,
  for: alert.for,
  labels: { severity: alert.severity },
  annotations: {
    summary: alert.summary,
    description: alert.description,
    runbook_url: runbookOf(alert),
    dashboard: `/d/${alert.dashboard}`
  }
})

/** The rules as data. Alerts that read recorded series stand in the same group, after them: a group runs in order. */
export const ruleFile = (of: ReadonlyArray<Alert> = alerts, recorded = recordings): RuleFile => {
  const onRecorded = (alert: Alert) => alert.expr.includes("surety:")
  return {
    groups: [
      { name: "surety-sagas", interval: "15s", rules: of.filter((alert) => !onRecorded(alert)).map(rule) },
      { name: "surety-objectives", interval: "30s", rules: [...recorded, ...of.filter(onRecorded).map(rule)] }
    ]
  }
}

/** The recorded series that an expression reads, and those that these read. */
export const recordingsFor = (expr: string): ReadonlyArray<Recording> => {
  const read = recordings.filter(({ record }) => expr.includes(record))
  const through = read.flatMap(({ expr: inner }) => recordingsFor(inner))
  return recordings.filter((recording) => read.includes(recording) || through.includes(recording))
}
