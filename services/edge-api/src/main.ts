import { runService } from "@surety/platform/run-service"
import { edgeApi } from "./service.ts"
import { edgeApiSettings } from "./settings.ts"

runService("edge-api", edgeApiSettings, edgeApi)
