/** A client that has to be told of the end of a session. Storage queues one whenever a session ends, whoever ends it. */
export type Delivery = {
  readonly id: string
  readonly clientId: string
  readonly userId: string
  readonly sessionId: string
  readonly createdAt: Date
  /** With the one for which it was claimed. */
  readonly attempts: number
}

/** What becomes of a delivery after an attempt. Neither instant: nothing more is tried. */
export type Attempted = {
  readonly outcome: string
  readonly deliveredAt: Date | undefined
  readonly nextAttemptAt: Date | undefined
}

/** Each method is one atomic act. */
export type DeliveryStore = {
  /**
   * Takes deliveries that are due, for this server alone until `leasedUntil`: then they are anybody's again.
   * @param most.perClient so many of one client at once
   * @param most.failing so many of those that fail: the others come first, and never wait behind them
   * @param clients.underWay how many of each this server has already: they count as its first
   */
  claim(
    most: { readonly all: number; readonly perClient: number; readonly failing: number },
    clients: { readonly underWay: ReadonlyMap<string, number>; readonly failing: readonly string[] },
    now: Date,
    leasedUntil: Date,
  ): Promise<readonly Delivery[]>
  /** @returns false when another server has taken it since: then what that one writes is true */
  record(delivery: Pick<Delivery, 'id' | 'attempts'>, attempted: Attempted): Promise<boolean>
  /** One more attempt, whatever became of those before. @returns false when there is no such delivery */
  again(id: string, now: Date): Promise<boolean>
  /** The newest first. @param before only older ones */
  list(slice: { readonly before?: string | undefined; readonly limit: number }): Promise<readonly SeenDelivery[]>
}

/** As the log shows it: nothing of what was sent. */
export type SeenDelivery = Delivery & {
  readonly clientName: string | undefined
  readonly username: string | undefined
  readonly nextAttemptAt: Date | undefined
  readonly deliveredAt: Date | undefined
  readonly outcome: string | undefined
}

export type DeliveryState = 'delivered' | 'waiting' | 'given_up'

export const stateOf = ({ deliveredAt, nextAttemptAt }: Pick<SeenDelivery, 'deliveredAt' | 'nextAttemptAt'>) =>
  (deliveredAt ? 'delivered' : nextAttemptAt ? 'waiting' : 'given_up') satisfies DeliveryState

/** The clients that logged somebody in with a session, whether their tokens are alive or not. */
export type ParticipantStore = { participants(sessionId: string): Promise<readonly string[]> }
