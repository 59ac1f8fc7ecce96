import { runService } from "@surety/platform/run-service"
import { orchestrator } from "./service.ts"
import { orchestratorSettings } from "./settings.ts"

runService("orchestrator", orchestratorSettings, orchestrator)
