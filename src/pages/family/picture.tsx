import type { Language } from '../language.ts'
import { type Chain, drawable, type Link, length } from './chain.ts'
import { familyWords } from './words.ts'

const step = 86
const left = 24
const row = 56
const tile = { width: 52, height: 54 }
const fork = 176

const xOf = (index: number) => left + index * step
const clock = (at: Date) => at.toISOString().slice(11, 16)
const day = (at: Date) => at.toISOString().slice(5, 10)

/** A whole tile: both halves fit. */
const Tile = ({ x, y }: { readonly x: number; readonly y: number }) => (
  <g transform={`translate(${x} ${y})`}>
    <path class="tile-full" d="M3 0h26l-6 14 8 11-5 13 4 16H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z" />
    <path class="tile-half" d="M36 1h13a2 2 0 0 1 2 2v48a2 2 0 0 1-2 2H37l-4-14 5-14-8-11z" />
  </g>
)

/** A tile whose half does not fit. */
const BrokenTile = ({ x, y }: { readonly x: number; readonly y: number }) => (
  <g transform={`translate(${x} ${y})`} class="tile-broken">
    <path d="M3 1h26l-6 13 8 11-5 13 4 15H3a2 2 0 0 1-2-2V3a2 2 0 0 1 2-2z" />
    <path d="M43 9l14-4 10 44-13 4-6-12 3-13-9-8z" />
  </g>
)

const Pair = ({ pair, index, retried }: { readonly pair: Link; readonly index: number; readonly retried: string }) => {
  const middle = xOf(index) + tile.width / 2
  return (
    <g>
      <text class="ink" x={middle} y={row - 12}>
        {pair.generation}
      </text>
      <Tile x={xOf(index)} y={row} />
      <text class="faint" x={middle} y={row + tile.height + 22}>
        {clock(pair.at)}
      </text>
      <text class="faint" x={middle} y={row + tile.height + 40}>
        {day(pair.at)}
      </text>
      {pair.retries > 0 && (
        <g>
          <path class="retry" d={`M${middle + 14} ${row - 8}c8 -30 36 -30 36 4`} />
          <text class="faint" x={middle + 36} y={16}>
            {`↻ ${retried}`}
          </text>
        </g>
      )}
    </g>
  )
}

/**
 * The chain as a row of tiles, drawn here and not by a script. A copy that came back is a red fork from the pair it was
 * copied from to a tile whose half does not fit.
 */
export const FamilyPicture = ({ chain, language }: { readonly chain: Chain; readonly language: Language }) => {
  const words = familyWords[language]
  const drawn = drawable(chain)
  const { end } = chain
  const last = drawn.length - 1
  const forks = end?.theft === true
  // Beside a short chain there is no room to its left for what is said of the copy.
  const isShort = xOf(last + 1) < 300
  const width = xOf(drawn.length + (end ? 1 : 0)) + (forks && isShort ? 300 : 0)
  const height = forks ? fork + 72 : row + tile.height + 56
  const from = Math.max(
    0,
    drawn.findIndex((each) => 'generation' in each && each.generation === end?.presented),
  )
  const start = xOf(end?.presented === undefined ? last : from) + tile.width / 2
  return (
    <section class="picture" tabindex={0} aria-label={words.picture}>
      <svg
        xmlns="http://www.w3.org/2000/svg"
        width={width}
        height={height}
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={words.describe(length(chain), end?.title)}
      >
        {drawn.slice(1).map((_, index) => (
          <path
            key={`line-${index}`}
            class="line"
            d={`M${xOf(index) + tile.width + 8} ${row + tile.height / 2}H${xOf(index + 1) - 8}`}
          />
        ))}
        {drawn.map((each, index) =>
          'hidden' in each ? (
            <text key={`hidden-${index}`} class="faint" x={xOf(index) + tile.width / 2} y={row + tile.height / 2 + 5}>
              {words.hidden(each.hidden)}
            </text>
          ) : (
            <Pair key={each.generation} pair={each} index={index} retried={String(each.retries)} />
          ),
        )}
        {end && (
          <g class={forks ? 'bad' : 'over'}>
            <path d={`M${xOf(last) + tile.width + 8} ${row + tile.height / 2}h20m0 -20v40`} />
            {!forks && (
              <text x={xOf(last) + tile.width + 28} y={row - 12}>
                {clock(end.at)}
              </text>
            )}
          </g>
        )}
        {end && forks && (
          <g>
            <path class="fork" d={`M${start} ${row + tile.height + 48}V${fork + 8}q0 20 20 20H${xOf(last + 1) - 12}`} />
            <BrokenTile x={xOf(last + 1) - 4} y={fork} />
            <text class="badink" x={xOf(last + 1) + 24} y={fork - 12}>
              {clock(end.at)}
            </text>
            <text
              class={isShort ? 'badink start' : 'badink end'}
              x={isShort ? xOf(last + 1) + 72 : xOf(last + 1) - 16}
              y={isShort ? fork + 34 : fork + 50}
            >
              {[end.presented === undefined ? undefined : words.presented(end.presented), end.network, end.device]
                .filter(Boolean)
                .join(' · ')}
            </text>
          </g>
        )}
      </svg>
    </section>
  )
}
