import { Effect, type Scope } from "effect"
import { type ChildProcess, fork } from "node:child_process"
import { fileURLToPath } from "node:url"

/** A script of this folder as a process of its own, that answers each task it is sent. */
export interface Forked<Task, Answer> {
  readonly pid: number
  readonly put: (task: Task) => Effect.Effect<Answer>
}

/** Runs a script until the scope closes. It gets tasks by `process.on("message")` and answers by `process.send`. */
export const forked = <Task extends object, Answer>(
  script: string
): Effect.Effect<Forked<Task, Answer>, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() =>
      fork(fileURLToPath(new URL(script, import.meta.url)), {
        serialization: "advanced",
        // What the peers' packages are warned of is not for whoever reads figures.
        execArgv: ["--no-deprecation"]
      })
    ),
    (child) => Effect.sync(() => void child.kill())
  ).pipe(Effect.map((child) => ({ pid: child.pid!, put: (task) => put<Answer>(child, task, script) })))

const put = <Answer>(child: ChildProcess, task: object, script: string) =>
  Effect.callback<Answer>((resume) => {
    const gone = (code: number | null) => resume(Effect.die(new Error(`${script} ended with ${code}`)))
    child.once("exit", gone)
    child.once("message", (answer) => {
      child.off("exit", gone)
      resume(Effect.succeed(answer as Answer))
    })
    child.send(task)
  })
