/** What the simulator is told at its start, from the environment: `SIMULATOR_PORT`, `SIMULATOR_DATA_FOLDER`, … */
import { wholeSetting } from "@surety/platform/settings"
import { Config, Option, Schema } from "effect"
import { type FailureRates, parseFailureRates } from "./failure-rates.ts"
import { MILLIS_MAX, type Mood } from "./temper.ts"

export interface SimulatorSettings extends Mood {
  readonly host: string
  /** 0 takes any free port; the service tells which. */
  readonly port: number
  /** Where the journal lives; without one, the simulator forgets everything when it ends. */
  readonly data_folder: string | undefined
}

/** A provider in a good mood. */
export const simulatorDefaults: SimulatorSettings = {
  host: "127.0.0.1",
  port: 3010,
  data_folder: undefined,
  latency_millis: 0,
  jitter_millis: 0,
  slow_millis: 2_000,
  timeout_millis: 30_000,
  failure_rates: {},
  seed: 1,
  replays_500: true,
  dark: false,
  tokens: {}
}

const RatesText = Schema.String.check(
  Schema.makeFilter((text) => {
    const rates = parseFailureRates(text)
    return typeof rates === "string" ? rates : undefined
  })
)

const failureRates: Config.Config<FailureRates> = Config.schema(RatesText, "FAILURE_RATES").pipe(
  Config.withDefault(""),
  Config.map((text) => {
    const rates = parseFailureRates(text)
    return typeof rates === "string" ? {} : rates
  })
)

/** A whole number from 0 up to a limit. Port 0 is one: any free port. */
const whole = (variable: string, fallback: number, maximum: number): Config.Config<number> =>
  wholeSetting(variable, { minimum: 0, maximum, fallback })

const PORT_MAX = 65_535
const SEED_MAX = 4_294_967_295

/** The settings as the environment gives them; what it does not give is as in `simulatorDefaults`. */
export const simulatorSettings: Config.Config<SimulatorSettings> = Config.all({
  host: Config.String("HOST").pipe(Config.withDefault(simulatorDefaults.host)),
  port: whole("PORT", simulatorDefaults.port, PORT_MAX),
  data_folder: Config.option(Config.NonEmptyString("DATA_FOLDER")).pipe(Config.map(Option.getOrUndefined)),
  latency_millis: whole("LATENCY_MILLIS", simulatorDefaults.latency_millis, MILLIS_MAX),
  jitter_millis: whole("JITTER_MILLIS", simulatorDefaults.jitter_millis, MILLIS_MAX),
  slow_millis: whole("SLOW_MILLIS", simulatorDefaults.slow_millis, MILLIS_MAX),
  timeout_millis: whole("TIMEOUT_MILLIS", simulatorDefaults.timeout_millis, MILLIS_MAX),
  failure_rates: failureRates,
  seed: whole("SEED", simulatorDefaults.seed, SEED_MAX),
  replays_500: Config.Boolean("REPLAYS_500").pipe(Config.withDefault(simulatorDefaults.replays_500)),
  dark: Config.succeed(simulatorDefaults.dark),
  tokens: Config.succeed(simulatorDefaults.tokens)
}).pipe(Config.nested("SIMULATOR"))
