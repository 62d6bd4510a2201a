import { StringDecoder } from 'node:string_decoder'

/** The data of each server-sent event of one type (WHATWG HTML §9.2.6). @throws RangeError past the limit */
export async function* eventsOf(chunks: AsyncIterable<Buffer>, type: string, most: number): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8')
  // An event of megabytes comes in many pieces: they are joined once, at the end of the line.
  let pieces: string[] = []
  let event = { type: 'message', data: [] as string[] }
  let length = 0
  for await (const chunk of chunks) {
    const text = decoder.write(chunk)
    length += text.length
    if (length > most) throw new RangeError('an event is too large')
    const endsLine = /[\r\n]/.test(text) || pieces.at(-1)?.endsWith('\r')
    pieces.push(text)
    if (!endsLine) continue
    // A carriage return at the very end may be half of a pair.
    const lines = pieces.join('').split(/\r\n|\n|\r(?!$)/)
    pieces = [lines.pop() ?? '']
    for (const line of lines) {
      if (line === '') {
        if (event.type === type && event.data.length > 0) yield event.data.join('\n')
        event = { type: 'message', data: [] }
        length = pieces[0]?.length ?? 0
        continue
      }
      const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
      if (field === 'event') event.type = value
      if (field === 'data') event.data.push(value)
    }
  }
}
