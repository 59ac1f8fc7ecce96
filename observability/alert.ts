/** `page` wakes somebody; `ticket` waits for the morning. */
export type Severity = "page" | "ticket"

export interface Alert {
  readonly name: string
  readonly expr: string
  /** How long it must have been so. */
  readonly for: string
  readonly severity: Severity
  readonly summary: string
  /** What to do, in a few sentences; the paragraph in README.md says more. */
  readonly description: string
  /** The dashboard to open first, by its uid. */
  readonly dashboard: string
}

/** Where the paragraph of an alert stands, from the repository's root. */
export const runbookOf = ({ name }: Alert): string => `observability/README.md#${name.toLowerCase()}`
