const HOUR_US = 3_600_000_000
const DAY_HOURS = 24
const WEEK_DAYS = 7

/** The epoch began on a Thursday; weeks begin on Monday. */
const EPOCH_WEEKDAY = 3

/** The hour of the day and the day of the week, each as a point on a circle. */
export interface CalendarValues {
  readonly hour_sin: number
  readonly hour_cos: number
  readonly weekday_sin: number
  readonly weekday_cos: number
}

const HOURS = circle(DAY_HOURS)
const WEEKDAYS = circle(WEEK_DAYS)

/** Returns where a time stands on the circles of the day (24 hours) and the week (7 days), UTC. */
export function calendarOf(timeUs: number): CalendarValues {
  const hours = Math.floor(timeUs / HOUR_US)
  const days = Math.floor(hours / DAY_HOURS)
  const hour = HOURS[hours % DAY_HOURS] as Point
  const weekday = WEEKDAYS[(days + EPOCH_WEEKDAY) % WEEK_DAYS] as Point
  return {
    hour_sin: hour.sin,
    hour_cos: hour.cos,
    weekday_sin: weekday.sin,
    weekday_cos: weekday.cos,
  }
}

interface Point {
  readonly sin: number
  readonly cos: number
}

/** Fifteen decimals: a quarter is exactly 0 and 1, whoever made the sine. */
function circle(parts: number): readonly Point[] {
  const round = (value: number) => Number(value.toFixed(15)) + 0
  return Array.from({ length: parts }, (_, part) => {
    const angle = (2 * Math.PI * part) / parts
    return { sin: round(Math.sin(angle)), cos: round(Math.cos(angle)) }
  })
}
