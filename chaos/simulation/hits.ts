/** How often which fault befell which step: a cell that stays empty was never tried. */
export class Hits {
  readonly counts = new Map<string, number>()

  readonly count = (step: string, fault: string, times = 1): void => {
    const cell = `${step} × ${fault}`
    this.counts.set(cell, (this.counts.get(cell) ?? 0) + times)
  }
  readonly add = (others: Iterable<readonly [string, number]>): void => {
    for (const [cell, times] of others) this.counts.set(cell, (this.counts.get(cell) ?? 0) + times)
  }
  /** Those of the expected cells that were never hit. */
  readonly empty = (steps: Iterable<string>, faults: ReadonlyArray<string>): ReadonlyArray<string> =>
    [...steps].flatMap((step) => faults.map((fault) => `${step} × ${fault}`)).filter((cell) => !this.counts.has(cell))
}
