import { assert, describe, it } from "@effect/vitest"
import { type Fault, linkProxy, type Moment } from "@surety/testkit/link-proxy"
import { Deferred, Effect, Fiber, Redacted, Schedule } from "effect"
import { hitsOf, type Seen, send, serverBehindLink, SILENCE_MILLIS } from "./link-under-test.ts"

const until = (condition: () => boolean) =>
  Effect.sync(condition).pipe(
    Effect.repeat({ until: (holds) => holds, schedule: Schedule.spaced("5 millis") }),
    Effect.timeout("5 seconds")
  )

const answered: Seen = { status: 200, text: "done x" }

/** What the client sees of a POST, and how often the server does it. */
const fates: Record<Fault, { readonly seen: Seen; readonly done: number }> = {
  delay: { seen: answered, done: 1 },
  refuse: { seen: "reset", done: 0 },
  reset_before: { seen: "reset", done: 0 },
  reset_after: { seen: "reset", done: 1 },
  blackhole: { seen: "silence", done: 0 },
  half_open: { seen: "silence", done: 1 },
  truncate: { seen: "broken", done: 1 },
  garbage: { seen: "broken", done: 1 },
  duplicate: { seen: answered, done: 2 },
  trickle: { seen: answered, done: 1 },
  swallow: { seen: "reset", done: 1 }
}

describe("a link between an HTTP client and its server", () => {
  it.live("that is well passes everything as it is, many requests a connection and streams piece by piece", () =>
    Effect.gen(function*() {
      const { done, link } = yield* serverBehindLink()
      const url = Redacted.value(link.url)
      const seen = yield* Effect.forEach(
        Array.from({ length: 50 }, (_, i) => i),
        (i) => send(url, "POST", `/things/${i}`, `body ${i}`),
        { concurrency: 8 }
      )
      assert.deepStrictEqual(seen, seen.map((_, i) => ({ status: 200, text: `done body ${i}` })))
      assert.strictEqual(done.length, 50)
      const response = yield* Effect.promise(() => fetch(`${url}/stream`))
      const reader = response.body!.getReader()
      const first = yield* Effect.promise(() => reader.read())
      assert.strictEqual(Buffer.from(first.value!).toString(), "{\"line\":1}\n")
      yield* Effect.promise(() => reader.cancel())
      assert.deepStrictEqual(yield* hitsOf(link, "POST /things/:id"), { none: 50 })
    }).pipe(Effect.scoped))

  for (const [fault, fate] of Object.entries(fates) as ReadonlyArray<[Fault, (typeof fates)[Fault]]>) {
    it.live(`that suffers ${fault}: the server does it ${fate.done} times, and the client sees ${JSON.stringify(fate.seen)}`, () =>
      Effect.gen(function*() {
        const { done, link } = yield* serverBehindLink()
        const url = Redacted.value(link.url)
        yield* link.suffer({ [fault]: 1 }, { delay_millis: 60 })
        assert.deepStrictEqual(yield* send(url, "POST", "/orders", "x"), fate.seen)
        yield* until(() => done.length >= fate.done)
        assert.deepStrictEqual(yield* hitsOf(link, fault === "refuse" ? "connect" : "POST /orders"), { [fault]: 1 })

        yield* link.heal
        assert.deepStrictEqual(yield* send(url, "POST", "/orders", "x"), answered)
        assert.deepStrictEqual(done, Array.from({ length: fate.done + 1 }, () => "POST /orders x"))
      }).pipe(Effect.scoped))
  }

  it.live("cuts a stream behind its first line", () =>
    Effect.gen(function*() {
      const { link } = yield* serverBehindLink()
      yield* link.suffer({ truncate: 1 })
      const response = yield* Effect.promise(() => fetch(`${Redacted.value(link.url)}/stream`))
      const reader = response.body!.getReader()
      const first = yield* Effect.promise(() => reader.read())
      assert.strictEqual(Buffer.from(first.value!).toString(), "{\"line\":1}\n")
      const rest = yield* Effect.promise(() => reader.read().then(() => "more", () => "broken"))
      assert.strictEqual(rest, "broken")
    }).pipe(Effect.scoped))

  it.live("delivers late what its sender has given up", () =>
    Effect.gen(function*() {
      const { done, link } = yield* serverBehindLink(5)
      yield* link.suffer({ delay: 1 }, { delay_millis: 2_000 })
      assert.strictEqual(yield* send(Redacted.value(link.url), "POST", "/late", "x", SILENCE_MILLIS), "silence")
      assert.deepStrictEqual(done, [])
      yield* until(() => done.length === 1)
    }).pipe(Effect.scoped))

  it.live("swallows nothing that only reads, and makes only those suffer that are meant", () =>
    Effect.gen(function*() {
      const { link } = yield* serverBehindLink()
      const url = Redacted.value(link.url)
      yield* link.suffer({ swallow: 1 }, { only: ({ what }) => what !== "POST /spared" })
      assert.notStrictEqual(yield* send(url, "GET", "/orders"), "reset")
      assert.notStrictEqual(yield* send(url, "POST", "/spared", "x"), "reset")
      assert.strictEqual(yield* send(url, "POST", "/orders", "x"), "reset")
    }).pipe(Effect.scoped))

  it.live("decides by its seed: the same requests suffer the same, whatever comes between them", () =>
    Effect.gen(function*() {
      const fatesWith = Effect.fnUntraced(function*(seed: number, between: ReadonlyArray<number>) {
        const { link } = yield* serverBehindLink(seed)
        const url = Redacted.value(link.url)
        yield* link.suffer({ reset_before: 0.3, reset_after: 0.3 })
        return yield* Effect.forEach(Array.from({ length: 24 }, (_, i) => i), (i) =>
          Effect.andThen(
            between.includes(i) ? send(url, "GET", "/else") : Effect.void,
            Effect.map(send(url, "POST", "/orders", "x"), (seen) => seen === "reset")
          ))
      }, Effect.scoped)
      const first = yield* fatesWith(7, [])
      assert.deepStrictEqual(yield* fatesWith(7, [2, 3, 11]), first)
      assert.notDeepEqual(yield* fatesWith(8, []), first)
      assert.isAbove(first.filter(Boolean).length, 5)
      assert.isBelow(first.filter(Boolean).length, 24)
    }))

  it.live("can be cut, restored on the same port, and led to another server", () =>
    Effect.gen(function*() {
      const { done, link } = yield* serverBehindLink()
      const other = yield* serverBehindLink()
      const url = Redacted.value(link.url)
      yield* link.cut
      assert.strictEqual(yield* send(url, "GET", "/"), "reset")
      yield* link.redirect(other.target)
      yield* link.restore
      assert.deepStrictEqual(yield* send(url, "GET", "/moved"), { status: 200, text: "done " })
      assert.deepStrictEqual([done, other.done], [[], ["GET /moved"]])
    }).pipe(Effect.scoped))

  it.live("keeps the rest of its target's URL", () =>
    Effect.gen(function*() {
      const urlOf = (target: string, wire: "http" | "postgres") =>
        Effect.map(linkProxy({ name: "x", wire, target, seed: 1 }), ({ url }) =>
          Redacted.value(url).replace(/:\d+(?=\/|$)/, ":PORT"))
      assert.strictEqual(yield* urlOf("http://127.0.0.1:9", "http"), "http://127.0.0.1:PORT")
      assert.strictEqual(yield* urlOf("http://localhost:9/v1?a=b", "http"), "http://127.0.0.1:PORT/v1?a=b")
      assert.strictEqual(
        yield* urlOf("postgres://me:secret@localhost:9/shop?x=y", "postgres"),
        "postgres://me:secret@127.0.0.1:PORT/shop?x=y"
      )
    }).pipe(Effect.scoped))
})

describe("a trigger", () => {
  /** At the moment: what the server has done, what the client knows; and what either knows when the connection is reset there. */
  const moments: Record<Moment, { readonly done: number; readonly isAnswered: boolean; readonly dropped: Seen }> = {
    before_forwarding: { done: 0, isAnswered: false, dropped: "reset" },
    after_forwarding: { done: 1, isAnswered: false, dropped: "reset" },
    answer_withheld: { done: 1, isAnswered: false, dropped: "reset" },
    after_reply: { done: 1, isAnswered: true, dropped: answered }
  }
  for (const [moment, expected] of Object.entries(moments) as ReadonlyArray<[Moment, (typeof moments)[Moment]]>) {
    it.live(`acts ${moment}, once, while nothing else passes; then the exchange goes on`, () =>
      Effect.gen(function*() {
        const { done, link } = yield* serverBehindLink()
        const [reached, release] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
        const act = Effect.andThen(Deferred.succeed(reached, undefined), Deferred.await(release))
        const hit = yield* link.trigger({ match: ({ payload }) => payload === "x", moment, act })
        const url = Redacted.value(link.url)
        yield* send(url, "POST", "/orders", "another")
        const client = yield* Effect.forkChild(send(url, "POST", "/orders", "x"))
        yield* Deferred.await(reached)
        // What has been forwarded is done, though nobody may hear of it yet.
        yield* until(() => done.length >= expected.done + 1)
        if (expected.isAnswered) assert.deepStrictEqual(yield* Fiber.join(client), answered)
        else assert.isUndefined(client.pollUnsafe())
        assert.strictEqual(done.length, expected.done + 1)
        yield* Deferred.succeed(release, undefined)
        assert.strictEqual((yield* hit).what, "POST /orders")
        assert.deepStrictEqual(yield* Fiber.join(client), answered)
        assert.deepStrictEqual(yield* send(url, "POST", "/orders", "x"), answered)
      }).pipe(Effect.scoped))

    it.live(`acts ${moment} and resets the connection`, () =>
      Effect.gen(function*() {
        const { done, link } = yield* serverBehindLink()
        const hit = yield* link.trigger({ match: () => true, moment, act: Effect.void, afterwards: "drop" })
        assert.deepStrictEqual(yield* send(Redacted.value(link.url), "POST", "/orders", "x"), expected.dropped)
        yield* hit
        yield* until(() => done.length >= expected.done)
        assert.deepStrictEqual(yield* send(Redacted.value(link.url), "POST", "/orders", "x"), answered)
        assert.strictEqual(done.length, expected.done + 1)
      }).pipe(Effect.scoped))
  }

  it.live("stays armed when its exchange does not live to its moment", () =>
    Effect.gen(function*() {
      const { link } = yield* serverBehindLink()
      const url = Redacted.value(link.url)
      const first = yield* link.trigger({
        match: () => true,
        moment: "before_forwarding",
        act: Effect.void,
        afterwards: "drop"
      })
      const hit = yield* link.trigger({ match: () => true, moment: "answer_withheld", act: Effect.void })
      assert.strictEqual(yield* send(url, "POST", "/orders", "x"), "reset")
      yield* first
      assert.deepStrictEqual(yield* send(url, "POST", "/orders", "x"), answered)
      yield* hit
    }).pipe(Effect.scoped))
})
