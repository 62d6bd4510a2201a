type Log = { warn(fields: object, message: string): void }

/** Ends the rounds. @returns when the one that is under way has ended too: what it stands on may be closed then */
export type Housekeeping = { close(): Promise<void> }

/**
 * Keeps house beside the requests: once now, for which nobody waits, and then every minute; one round at a time.
 *
 * @param round what is done; one that fails is tried again in the next
 * @param every milliseconds
 */
export const keepHouse = ({
  round,
  log,
  every = 60_000,
}: {
  readonly round: () => Promise<void>
  readonly log: Log
  readonly every?: number
}): Housekeeping => {
  let underWay: Promise<void> | undefined
  const tick = (): void => {
    underWay ??= attempt().finally(() => {
      underWay = undefined
    })
  }
  const attempt = async (): Promise<void> => {
    try {
      await round()
    } catch (err) {
      log.warn({ err }, 'housekeeping failed; it is tried again in a minute')
    }
  }
  tick()
  const timer = setInterval(tick, every)
  return {
    close: async () => {
      clearInterval(timer)
      await underWay
    },
  }
}
