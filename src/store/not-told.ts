/** In place of a fact about a server: it did not tell, and why. */
export class NotTold {
  constructor(readonly reason: string) {}
}
