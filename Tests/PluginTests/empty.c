/* Headers are compiled on their own by -include: this is the file they are included into. */
int empty;
