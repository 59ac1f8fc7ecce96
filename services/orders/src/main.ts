import { runService } from "@surety/platform/run-service"
import { orders } from "./service.ts"
import { ordersSettings } from "./settings.ts"

runService("orders", ordersSettings, orders)
