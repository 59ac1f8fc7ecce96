import { Effect } from "effect"

/** The other side is not there any more. */
export type Gone = "gone"

/** An answer that is kept back, from the moment its request was forwarded until it is whole. */
export const heldAnswer = () => {
  let pieces: Array<Buffer> | undefined
  let isWhole = false
  let isLost = false
  let wakeUp: (() => void) | undefined

  const whole = Effect.callback<Buffer, Gone>((resume) => {
    wakeUp = () => {
      const answer = isWhole && pieces !== undefined ? Buffer.concat(pieces) : undefined
      if (answer === undefined && !isLost) return
      // Before it goes on, since that may be at once, with another question.
      wakeUp = undefined
      resume(answer === undefined ? Effect.fail("gone") : Effect.succeed(answer))
    }
    wakeUp()
  })

  return {
    /** Whether a request was forwarded, so that what comes from the server belongs here. */
    isAwaited: () => pieces !== undefined,
    await: () => {
      pieces = []
      isWhole = false
    },
    add: (piece: Buffer, isEnd: boolean) => {
      pieces?.push(piece)
      isWhole = isEnd
      if (isEnd) wakeUp?.()
    },
    /** It will not come any more. */
    lose: () => {
      isLost = true
      wakeUp?.()
    },
    /** It is through with. */
    letGo: () => {
      pieces = undefined
    },
    whole
  } as const
}
