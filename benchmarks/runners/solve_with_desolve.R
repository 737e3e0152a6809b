# Called by run_desolve.py: Rscript solve_with_desolve.R FOLDER METHOD RTOL ATOL
# reads patients.csv, start.txt, names.txt and sert.so; writes final.txt, one row a patient
suppressMessages(library(deSolve))
arguments <- commandArgs(TRUE)
setwd(arguments[1])
dyn.load("sert.so")
patients <- as.matrix(read.csv("patients.csv"))
start <- scan("start.txt", quiet = TRUE)
names(start) <- scan("names.txt", what = "", quiet = TRUE)
days <- seq(0, 2016, by = 24)

solve_one <- function(i) {
  own <- patients[i, ]
  tablet <- 61.65 * own[["Fb"]]
  first <- start
  first["depot"] <- first["depot"] + tablet
  later <- data.frame(var = "depot", time = days[2:84], value = tablet, method = "add")
  solution <- ode(first, days, func = "derivs", parms = own, dllname = "sert", initfunc = "initmod",
                  jacfunc = "jacf", jactype = "fullusr", method = arguments[2],
                  rtol = as.numeric(arguments[3]), atol = as.numeric(arguments[4]),
                  events = list(data = later), maxsteps = 100000)
  solution[85, -1]
}

invisible(solve_one(1))
before <- proc.time()
final <- t(sapply(seq_len(nrow(patients)), solve_one))
spent <- proc.time() - before
write.table(final, "final.txt", row.names = FALSE, col.names = FALSE)
cat(spent[["elapsed"]], sum(spent[c("user.self", "sys.self")]), as.character(packageVersion("deSolve")))
