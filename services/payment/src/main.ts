import { runService } from "@surety/platform/run-service"
import { payment } from "./service.ts"
import { paymentSettings } from "./settings.ts"

runService("payment", paymentSettings, payment)
