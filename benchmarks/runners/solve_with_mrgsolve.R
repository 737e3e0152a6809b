# Called by run_mrgsolve.py: Rscript solve_with_mrgsolve.R FOLDER RTOL ATOL
# reads patients.csv and sert29.cpp; writes final.txt, one row a patient
suppressMessages(library(mrgsolve))
arguments <- commandArgs(TRUE)
model <- mread("sert29", arguments[1], quiet = TRUE, soloc = arguments[1])
model <- update(model, rtol = as.numeric(arguments[2]), atol = as.numeric(arguments[3]),
                maxsteps = 500000, end = 2016, delta = 24)
patients <- read.csv(file.path(arguments[1], "patients.csv"))
patients$ID <- seq_len(nrow(patients))
tablets <- ev(amt = 61.65, ii = 24, addl = 83, cmt = "DEPOT")

solve <- function(some) mrgsim_ei(model, events = tablets, idata = some, recsort = 3, output = "df")

invisible(solve(patients[1, , drop = FALSE]))
before <- proc.time()
solution <- solve(patients)
spent <- proc.time() - before
final <- solution[solution$time == 2016, -(1:2)]
write.table(final, file.path(arguments[1], "final.txt"), row.names = FALSE, col.names = FALSE)
cat(spent[["elapsed"]], sum(spent[c("user.self", "sys.self")]), as.character(packageVersion("mrgsolve")))
