import { runService } from "@surety/platform/run-service"
import { inventory } from "./service.ts"
import { inventorySettings } from "./settings.ts"

runService("inventory", inventorySettings, inventory)
