import { randomUUID } from "node:crypto"

/** Who holds a lease: `edge-5f3a0c1d`, another with every start of a service. */
export const leaseOwner = (service: string): string => `${service}-${randomUUID().slice(0, 8)}`
