/** A file of its own: it takes minutes, in which the other kind's can run. */
import { eachFault } from './each-fault.js'

eachFault('mysql')
