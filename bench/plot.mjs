/** The growth of a queue as a picture (SVG): two scales that share the number of waiters. */
import { quantile } from './table.mjs'

const WIDTH = 760
const HEIGHT = 360
const LEFT = 60
const RIGHT = 60
const TOP = 48
const BOTTOM = 52

export function plot(rows) {
  const counts = rows.map(({ waiters }) => waiters)
  const x = scale(Math.log10(counts[0]), Math.log10(counts.at(-1)), LEFT, WIDTH - RIGHT)
  const queries = rows.map(({ perSecond }) => perSecond)
  const handOver = rows.map(({ gaps }) => quantile(gaps, 0.5) || 0)
  const yQueries = scale(0, nice(Math.max(...queries)), HEIGHT - BOTTOM, TOP)
  const yHandOver = scale(0, nice(Math.max(...handOver)), HEIGHT - BOTTOM, TOP)
  const at = (values, y) => values.map((value, i) => [x(Math.log10(counts[i])), y(value)])
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="13">
<title>Queries a second and hand-over, by how many wait</title>
<rect width="100%" height="100%" fill="#fff"/>
<text x="${WIDTH / 2}" y="22" text-anchor="middle" font-size="15">A queue at one mutex, in ten processes</text>
${axis(nice(Math.max(...queries)), yQueries, LEFT - 8, 'end', '#1f6feb')}
${axis(nice(Math.max(...handOver)), yHandOver, WIDTH - RIGHT + 8, 'start', '#b35900')}
${counts.map(count => `<text x="${x(Math.log10(count)).toFixed(1)}" y="${HEIGHT - BOTTOM + 20}" text-anchor="middle">${count}</text>`).join('\n')}
<text x="${WIDTH / 2}" y="${HEIGHT - 10}" text-anchor="middle">waiting</text>
${line(at(queries, yQueries), '#1f6feb')}
${line(at(handOver, yHandOver), '#b35900')}
<text x="${LEFT}" y="${TOP - 10}" fill="#1f6feb">queries a second while nothing moves</text>
<text x="${WIDTH - RIGHT}" y="${TOP - 10}" text-anchor="end" fill="#b35900">hand-over p50, ms</text>
</svg>
`
}

function scale(from, to, start, end) {
  return value => start + ((value - from) / (to - from || 1)) * (end - start)
}

/** The next of 1, 2, 5, 10, … */
function nice(value) {
  const power = 10 ** Math.floor(Math.log10(value || 1))
  return power * [1, 2, 5, 10].find(step => value <= step * power)
}

function axis(top, y, x, anchor, colour) {
  return [0, 0.25, 0.5, 0.75, 1]
    .map(part => {
      const at = y(top * part).toFixed(1)
      const rule = `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}" stroke="#ddd"/>`
      return `${rule}<text x="${x}" y="${Number(at) + 4}" text-anchor="${anchor}" fill="${colour}">${+(top * part).toFixed(2)}</text>`
    })
    .join('\n')
}

function line(points, colour) {
  const path = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')
  const dots = points.map(([x, y]) => `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="3.5" fill="${colour}"/>`)
  return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>\n${dots.join('\n')}`
}
