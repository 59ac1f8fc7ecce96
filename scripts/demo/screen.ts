import { Effect } from "effect"
import type { WriteStream } from "node:tty"

const HIDE_CURSOR = "\u001b[?25l"
const SHOW_CURSOR = "\u001b[?25h"
/** Long lines are cut at the edge while they are redrawn: a wrapped one would be two to go back over. */
const CUT_LINES = "\u001b[?7l"
const WRAP_LINES = "\u001b[?7h"
/** To the left edge first, where a typed ^C may have pushed the cursor off. */
const backOver = (lines: number) => lines === 0 ? "" : `\r\u001b[${lines}A\u001b[J`
const text = (lines: ReadonlyArray<string>) => lines.map((line) => `${line}\n`).join("")

/** A terminal whose last lines are redrawn in place while everything above them stays; a pipe gets only what stays. */
export class Screen {
  readonly #out: WriteStream
  readonly animated: boolean
  #live = 0

  constructor(out: WriteStream) {
    this.#out = out
    // Not a terminal, NO_COLOR and TERM=dumb all say no to escape sequences.
    this.animated = out.isTTY && out.hasColors()
  }

  /** Adds lines that stay and redraws the live ones below them; of more than the terminal is high, only the last. */
  draw(staying: ReadonlyArray<string>, live: ReadonlyArray<string> = []): void {
    if (!this.animated) {
      this.#out.write(text(staying))
      return
    }
    const shown = live.slice(-(this.#out.rows - 1))
    this.#out.write(`${HIDE_CURSOR}${backOver(this.#live)}${text(staying)}${CUT_LINES}${text(shown)}${WRAP_LINES}`)
    this.#live = shown.length
  }

  /** Leaves the terminal as it was found. */
  close(): void {
    if (this.animated) this.#out.write(`${backOver(this.#live)}${SHOW_CURSOR}`)
  }
}

/** The standard output, until the scope closes. */
export const openScreen = Effect.acquireRelease(
  Effect.sync(() => new Screen(process.stdout)),
  (screen) => Effect.sync(() => screen.close())
)
