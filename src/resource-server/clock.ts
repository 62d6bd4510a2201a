/** The only source of time and of chance in this room, which stands alone. */
export const systemNow = (): Date => new Date()

/** At least 0, less than 1; spreads what many guards would do at once. */
export const systemChance = (): number => Math.random()
