import { type Outcome, outcomeOf } from '../outcome.js'

/** The outcome of some work, or its error; either way `report` gets it first, and is waited for. */
export async function reportingOutcome(
  work: () => Promise<Outcome>,
  report: (outcome: Outcome) => Promise<void>,
): Promise<Outcome> {
  let outcome: Outcome
  try {
    outcome = await work()
  } catch (error) {
    await report(outcomeOf(error))
    throw error
  }
  await report(outcome)
  return outcome
}
