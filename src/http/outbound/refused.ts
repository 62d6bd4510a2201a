/** Why nothing was fetched or delivered; for the log, and for nobody else: it would map our network for whoever asks. */
export class Refused extends Error {
  override readonly name = 'Refused'
}

/** Nothing was tried, because too much is under way: of the peer nothing was learnt. */
export class Busy extends Refused {}
