import { runService } from "@surety/platform/run-service"
import { databaseSettings } from "@surety/platform/settings"
import { toy } from "./toy-service.ts"

/** The toy as a process of its own, run as every service is. */
runService("orders", databaseSettings("orders", "surety_orders"), ({ url }) => toy({ name: "orders", database: url }))
