/** A UUID as it is stored: the form of RFC 9562 §4, in lower case. */
export const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
export const uuidPattern = `^${uuid}$`
const whole = new RegExp(uuidPattern)

/** The database refuses to compare an id with anything else. */
export const isUuid = (text: string): boolean => whole.test(text)
