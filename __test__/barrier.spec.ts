// The meeting point of the tests with several threads: what it says of a party that never comes.
import { expect, it } from 'vitest'
import { createSeats, meet } from './support/barrier.ts'

it('names who has not come to a meeting, and what that one was doing', () => {
  const seats = createSeats()
  meet({ seats, me: 0, parties: 1 })
  const wait = () => meet({ seats, me: 0, parties: 2 }, () => 'sleeps', 1)
  expect(wait).toThrow(/1 of 2 parties have not come to meeting 2 in 0.001 s: party 1 sleeps; there are 0$/)
})
