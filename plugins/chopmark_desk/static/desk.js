"use strict";
// What makes forms more pleasant; all of them work without it.
