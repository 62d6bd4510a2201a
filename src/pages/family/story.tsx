import { Instant } from '../form.tsx'
import type { Language } from '../language.ts'
import { Heads } from '../table.tsx'
import { type Chain, length } from './chain.ts'
import { FamilyPicture } from './picture.tsx'
import { familyWords } from './words.ts'

/** The picture, and the same as a table beneath it. */
export const FamilyStory = ({ chain, language }: { readonly chain: Chain; readonly language: Language }) => {
  const words = familyWords[language]
  if (chain.pairs.length === 0) return <p class="muted">{words.forgotten}</p>
  // The newest first, and no more of them than anybody reads.
  const shown = [...chain.pairs].reverse().slice(0, 20)
  return (
    <>
      <section>
        <h2>{words.picture}</h2>
        <FamilyPicture chain={chain} language={language} />
      </section>
      <table>
        <caption>{words.table}</caption>
        <Heads labels={[words.generation, words.at, words.network, words.device, words.retries]} />
        <tbody>
          {chain.end?.theft && (
            <tr class="bad-row">
              <th scope="row">{chain.end.presented === undefined ? '✕' : words.presented(chain.end.presented)}</th>
              <td data-label={words.at}>
                <Instant at={chain.end.at} />
              </td>
              <td data-label={words.network} class="address">
                {chain.end.network ?? words.unknown}
              </td>
              <td data-label={words.device}>{chain.end.device ?? words.unknown}</td>
              <td data-label={words.retries}>{chain.end.title}</td>
            </tr>
          )}
          {shown.map((pair) => (
            <tr key={`${pair.generation}-${pair.at.getTime()}`}>
              <th scope="row">{pair.generation}</th>
              <td data-label={words.at}>
                <Instant at={pair.at} />
              </td>
              <td data-label={words.network} class="address">
                {pair.network ?? words.unknown}
              </td>
              <td data-label={words.device}>{pair.device ?? words.unknown}</td>
              <td data-label={words.retries}>{words.retried(pair.retries)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {length(chain) > shown.length && <p class="muted">{words.hidden(length(chain) - shown.length)}</p>}
    </>
  )
}
