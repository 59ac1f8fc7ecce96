// What of the peers' packages is used here. Declared by hand, so that the types can be checked where they are not installed.
declare module "pg" {
  export class Pool {
    constructor(options: { connectionString: string; max: number; options?: string })
    query<Row>(query: { name: string; text: string; values: ReadonlyArray<unknown> }): Promise<{ rows: Array<Row> }>
    on(event: "error" | "connect", listener: (problem: object) => void): void
  }
}

declare module "graphile-worker" {
  import type { Pool } from "pg"
  export const makeWorkerUtils: (options: { pgPool: Pool; logger: object }) => Promise<{
    addJobs(jobs: ReadonlyArray<{ identifier: string; payload: unknown }>): Promise<unknown>
  }>
  export interface Helpers {
    addJob(identifier: string, payload: unknown): Promise<unknown>
  }
  export const Logger: new(factory: () => (level: string, message: string) => void) => object
  export const run: (options: {
    pgPool: Pool
    concurrency: number
    logger: object
    noHandleSignals: boolean
    taskList: Readonly<Record<string, (payload: unknown, helpers: Helpers) => Promise<void>>>
    preset: { worker: { localQueue: { size: number }; completeJobBatchDelay: number; failJobBatchDelay: number } }
  }) => Promise<unknown>
}

declare module "pg-boss" {
  export interface Job<Data> {
    readonly data: Data
  }
  export class PgBoss {
    constructor(options: { connectionString: string; max: number; supervise: boolean; schedule: boolean })
    on(event: "error", listener: (error: Error) => void): void
    start(): Promise<unknown>
    createQueue(name: string): Promise<void>
    insert(name: string, jobs: ReadonlyArray<{ data: object }>): Promise<unknown>
    work<Data>(
      name: string,
      options: {
        batchSize: number
        localConcurrency: number
        pollingIntervalSeconds: number
        burstWhenBatchFull: boolean
      },
      handler: (jobs: ReadonlyArray<Job<Data>>) => Promise<void>
    ): Promise<string>
    stop(options: { graceful: boolean }): Promise<void>
  }
}

declare module "@dbos-inc/dbos-sdk" {
  export const DBOS: {
    setConfig(config: {
      name: string
      systemDatabaseUrl: string
      systemDatabasePoolSize: number
      runAdminServer: boolean
      logLevel: string
    }): void
    launch(): Promise<void>
    shutdown(): Promise<void>
    registerWorkflow<Args extends Array<unknown>, Result>(
      workflow: (...args: Args) => Promise<Result>,
      config: { name: string }
    ): (...args: Args) => Promise<Result>
    runStep<Result>(step: () => Promise<Result>, config: { name: string }): Promise<Result>
  }
}
