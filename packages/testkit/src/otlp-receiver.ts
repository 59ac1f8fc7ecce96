import { Effect } from "effect"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { gunzipSync } from "node:zlib"
import {
  logsIn,
  type ReceivedLog,
  type ReceivedSeries,
  type ReceivedSpan,
  seriesIn,
  spansIn
} from "./otlp-receiver-records.ts"

/** What the receiver does with a request: takes it, answers 503 or 400, never answers, or does not listen at all. */
export type Temper = "takes" | "unavailable" | "refuses" | "hangs" | "closed"

export interface OtlpReceiver {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`; stays the same while the receiver is closed. */
  readonly endpoint: string
  readonly spans: () => ReadonlyArray<ReceivedSpan>
  readonly spansOf: (traceId: string) => ReadonlyArray<ReceivedSpan>
  readonly logs: () => ReadonlyArray<ReceivedLog>
  /** Every series as it came last. */
  readonly series: () => ReadonlyArray<ReceivedSeries>
  /** The series of a metric, of one service or all, whose labels are these, whatever other labels there are. */
  readonly seriesOf: (
    name: string,
    labels?: Readonly<Record<string, unknown>>,
    service?: string
  ) => ReadonlyArray<ReceivedSeries>
  /** Requests so far, answered or not. */
  readonly requests: () => number
  /** What was on the wire, a text a request, taken or not. */
  readonly bodies: () => ReadonlyArray<string>
  readonly become: (temper: Temper) => Effect.Effect<void>
  /** Waits until something is there, looking again at every request that comes. Dies after `SECONDS_MAX`. */
  readonly until: <A>(what: string, look: () => A | undefined) => Effect.Effect<A>
  readonly awaitSpan: (matches: (span: ReceivedSpan) => boolean) => Effect.Effect<ReceivedSpan>
  readonly awaitLog: (matches: (log: ReceivedLog) => boolean) => Effect.Effect<ReceivedLog>
  readonly awaitSeries: (matches: (series: ReceivedSeries) => boolean) => Effect.Effect<ReceivedSeries>
}

const SECONDS_MAX = 20

const open = (server: Server, port: number) =>
  Effect.callback<number>((resume) => {
    server.listen(port, "127.0.0.1", () => {
      const address = server.address()
      resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0))
    })
  })

const close = (server: Server) =>
  Effect.callback<void>((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })

/** An OpenTelemetry collector in this process: takes OTLP over HTTP as JSON, keeps everything, and has moods. */
export const otlpReceiver = Effect.gen(function*() {
  let temper: Temper = "takes"
  let requests = 0
  const spans: Array<ReceivedSpan> = []
  const logs: Array<ReceivedLog> = []
  const series = new Map<string, ReceivedSeries>()
  const bodies: Array<string> = []
  const watchers = new Set<() => void>()

  const keep = (path: string, text: string) => {
    const body = JSON.parse(text)
    if (path.endsWith("/traces")) spans.push(...spansIn(body))
    if (path.endsWith("/logs")) logs.push(...logsIn(body))
    if (path.endsWith("/metrics")) {
      for (const one of seriesIn(body)) series.set(`${one.service} ${one.name} ${JSON.stringify(one.labels)}`, one)
    }
  }

  const take = (request: IncomingMessage, response: ServerResponse, raw: Buffer) => {
    const text = (request.headers["content-encoding"] === "gzip" ? gunzipSync(raw) : raw).toString("utf8")
    requests += 1
    bodies.push(text)
    if (temper === "takes") {
      keep(request.url ?? "", text)
      response.writeHead(200, { "content-type": "application/json" }).end("{}")
    } else if (temper !== "hangs") response.writeHead(temper === "refuses" ? 400 : 503).end()
    for (const look of watchers) look()
  }

  const server = createServer((request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => take(request, response, Buffer.concat(chunks)))
  })
  const port = yield* Effect.acquireRelease(open(server, 0), () => close(server))

  const become = (next: Temper) =>
    Effect.gen(function*() {
      const before = temper
      temper = next
      if (next === "closed" && before !== "closed") yield* close(server)
      if (next !== "closed" && before === "closed") yield* open(server, port)
    })

  const until = <A>(what: string, look: () => A | undefined) =>
    Effect.callback<A>((resume) => {
      const again = () => {
        const found = look()
        if (found === undefined) return
        watchers.delete(again)
        resume(Effect.succeed(found))
      }
      watchers.add(again)
      again()
      return Effect.sync(() => watchers.delete(again))
    }).pipe(Effect.timeoutOrElse({
      duration: `${SECONDS_MAX} seconds`,
      orElse: () =>
        Effect.die(
          new Error(
            `never received: ${what}; spans: ${spans.map(({ name, service }) => `${service} ${name}`).join(", ")}`
          )
        )
    }))

  const receiver: OtlpReceiver = {
    endpoint: `http://127.0.0.1:${port}`,
    spans: () => spans,
    spansOf: (traceId) => spans.filter((span) => span.trace_id === traceId),
    logs: () => logs,
    series: () => [...series.values()],
    seriesOf: (name, labels = {}, service) =>
      [...series.values()].filter((one) =>
        one.name === name && (service === undefined || one.service === service) &&
        Object.entries(labels).every(([label, value]) => one.labels[label] === value)
      ),
    requests: () => requests,
    bodies: () => bodies,
    become,
    until,
    awaitSpan: (matches) => until(`span ${matches}`, () => spans.find(matches)),
    awaitLog: (matches) => until(`log ${matches}`, () => logs.find(matches)),
    awaitSeries: (matches) => until(`series ${matches}`, () => [...series.values()].find(matches))
  }
  return receiver
})
