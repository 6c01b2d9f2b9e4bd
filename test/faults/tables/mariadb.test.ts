/** In a file of its own, because files run at the same time and this one takes minutes. */
import { eachFault } from './each-fault.js'

eachFault('mariadb')
