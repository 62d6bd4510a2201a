/** Every value of a header, as it came: Node joins or drops repeats, and only the raw list shows them. */
export const valuesOf = (rawHeaders: readonly string[], name: string): readonly string[] => {
  const values: string[] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const written = rawHeaders[at]
    const value = rawHeaders[at + 1]
    // Each request comes here, and few names are of one length.
    if (written?.length === name.length && value !== undefined && written.toLowerCase() === name) values.push(value)
  }
  return values
}
