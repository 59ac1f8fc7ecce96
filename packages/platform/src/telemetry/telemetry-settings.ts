import { Config, Schema } from "effect"
import { wholeSetting } from "../settings.ts"

export interface TelemetrySettings {
  /** Where OTLP over HTTP is taken, such as `http://127.0.0.1:4318`; without it nothing is sent, nor gathered. */
  readonly endpoint: string | undefined
  readonly span_delay_millis: number
  readonly log_delay_millis: number
  readonly metric_interval_millis: number
}

const CollectorUrl = Schema.String.check(
  Schema.makeFilter((url) => url === "" || URL.canParse(url) || "must be a URL such as http://127.0.0.1:4318, or empty")
)

const delay = (variable: string, fallback: number) =>
  wholeSetting(variable, { minimum: 10, maximum: 600_000, fallback })

/**
 * The standard variables. `OTEL_EXPORTER_OTLP_ENDPOINT` turns telemetry on, `OTEL_SDK_DISABLED=true` off whatever else is
 * said. The exporters themselves read `OTEL_EXPORTER_OTLP_HEADERS` and `_COMPRESSION`, the resource
 * `OTEL_RESOURCE_ATTRIBUTES`.
 */
export const telemetrySettings: Config.Config<TelemetrySettings> = Config.all({
  endpoint: Config.schema(CollectorUrl, "OTEL_EXPORTER_OTLP_ENDPOINT").pipe(Config.withDefault("")),
  disabled: Config.String("OTEL_SDK_DISABLED").pipe(Config.withDefault("")),
  span_delay_millis: delay("OTEL_BSP_SCHEDULE_DELAY", 2_000),
  log_delay_millis: delay("OTEL_BLRP_SCHEDULE_DELAY", 1_000),
  metric_interval_millis: delay("OTEL_METRIC_EXPORT_INTERVAL", 10_000)
}).pipe(Config.map(({ disabled, endpoint, ...delays }) => ({
  ...delays,
  endpoint: disabled.toLowerCase() === "true" || endpoint === "" ? undefined : endpoint.replace(/\/$/, "")
})))
