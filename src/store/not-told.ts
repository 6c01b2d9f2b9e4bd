/** In place of a fact about a server: it did not tell, and why. */
export class Undisclosed {
  constructor(readonly reason: string) {}
}
