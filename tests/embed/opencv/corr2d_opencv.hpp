// SPDX-License-Identifier: Apache-2.0
// OpenCV's Convolution layer on corr2d: for every network read while it is in place.
#ifndef CORR2D_OPENCV_HPP
#define CORR2D_OPENCV_HPP

namespace corr2d {

// Puts the layer in place of OpenCV's own, and takes it out again. Networks keep the layers that they were read with.
// 2-D convolutions of float32 on the CPU are corr2d's; any other layer of that name is still OpenCV's.
void register_opencv_convolution();
void unregister_opencv_convolution();

} // namespace corr2d

#endif
