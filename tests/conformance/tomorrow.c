/* Stands for a system library that is newer than the oldest supported system. */
double shapes_of_tomorrow(void);
double shapes_of_tomorrow(void) { return 1; }
